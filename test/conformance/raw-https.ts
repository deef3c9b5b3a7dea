import { request } from 'node:https';

export interface RawAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** One HTTPS request exactly as given; the path is not normalised. */
export function rawHttps(
  address: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer;
    readonly caPem?: string;
  },
): Promise<RawAnswer> {
  const [, host = '', port, path = '/'] = /^https:\/\/([^:/]+)(?::(\d+))?(\/.*)?$/.exec(address) ?? [];
  const { method = 'GET', headers = {}, body, caPem } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host,
        port: port ?? 443,
        method,
        path,
        agent: false,
        headers,
        ...(caPem === undefined ? {} : { ca: caPem }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
