/**
 * The planted defect: what is to be on disk before an answer gets there a little after it. Only files that hold what
 * was acknowledged are late, so that nothing but a kill shows it.
 */
import fs from 'node:fs';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

/** Longer than any life of a campaign, so that nothing is on disk when the kill comes. */
const LATE_MS = 5_000;
const later = (work: () => unknown): void => void setTimeout(work, LATE_MS);

/** Logs, and files that are replaced by rename (registry, keys), are written late. */
export function plantLateWrites(): void {
  const { open, rename } = fs.promises;
  fs.promises.open = async (...args: Parameters<typeof open>) => {
    const handle = await open(...args);
    if (!String(args[0]).endsWith('.log')) return handle;
    const write = handle.write.bind(handle) as (...write: unknown[]) => Promise<unknown>;
    const late = async (bytes: Buffer, offset: number, length: number, position: number) => {
      later(() => write(bytes, offset, length, position));
      return { bytesWritten: length, buffer: bytes };
    };
    handle.write = late as typeof handle.write;
    return handle;
  };
  fs.promises.rename = async (from, to) => {
    if (!/\/(identity|key-vault)\//.test(String(to))) return rename(from, to);
    // A copy of its own, since the next replacement uses the same temporary name.
    const copy = `${String(from)}.${process.hrtime.bigint()}`;
    await rename(from, copy);
    later(() => rename(copy, to));
  };
  syncBuiltinESMExports();
}

/** Management requests of the durable API are answered first and passed on later. */
export function plantLateHandling(): void {
  const { createServer } = http;
  http.createServer = ((...args: Parameters<typeof createServer>) => {
    const server = createServer(...args);
    const handle = server.listeners('request')[0] as http.RequestListener | undefined;
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      const path = request.url ?? '';
      const late = request.method === 'POST' && path.includes('/runtime/webhooks/durabletask/');
      if (!late || request.headers['x-passed-on'] !== undefined) return handle?.(request, response);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
        const address = server.address();
        const port = typeof address === 'object' ? address?.port : undefined;
        const headers = { 'content-type': 'application/json', 'x-passed-on': '1' };
        const key = request.headers['x-functions-key'];
        later(() =>
          fetch(`http://127.0.0.1:${port}${path}`, {
            method: 'POST',
            headers: { ...headers, 'x-functions-key': String(key) },
            body: Buffer.concat(chunks),
          }).catch(() => undefined),
        );
      });
    });
    return server;
  }) as typeof createServer;
  syncBuiltinESMExports();
}
