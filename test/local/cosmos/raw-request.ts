import { request } from 'node:https';
import type { CosmosUnderTest } from './cosmos-under-test.ts';

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Default: a token of `owner` for this service. Empty: no authorization header. */
  readonly authorization?: string;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export function authorizationFor(token: string): string {
  return encodeURIComponent(`type=aad&ver=1.0&sig=${token}`);
}

/** Sends what the official client would never send. */
export function rawRequest({ service, tls }: CosmosUnderTest, raw: RawRequest): Promise<RawResponse> {
  const { method = 'GET', path, headers = {}, body } = raw;
  const authorization = raw.authorization ?? authorizationFor(`owner|${service.endpoint}`);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: service.port,
        ca: tls.caPem,
        agent: false,
        method,
        path,
        headers: { ...headers, ...(authorization === '' ? {} : { authorization }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
