import type { IncomingMessage } from 'node:http';

/** The request's body exceeds what the operation takes; {@link startHttpService} answers 413 when nobody else does. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** Reads the whole body. Throws {@link BodyTooLarge} past `maxBytes`, before reading when the length is declared. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => new BodyTooLarge(`the request body exceeds ${maxBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // Not `for await`: leaving that loop early destroys the socket before the refusal is written to it.
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.pause();
        reject(tooLarge());
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', resolve);
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('the client went away before its request was complete'));
    });
  });
  return Buffer.concat(chunks, size);
}
