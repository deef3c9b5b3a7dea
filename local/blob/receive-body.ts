import { createHash } from 'node:crypto';
import { DiskFull } from '../core/append-log.ts';
import { readBody } from '../core/http-service.ts';
import { BlobError } from './blob-error.ts';
import type { WrittenExtent } from './extent-store.ts';
import { inlineExtent, MAX_INLINE_BYTES } from './inline-extent.ts';
import type { OperationContext } from './operation.ts';
import { decodeMd5 } from './write-headers.ts';

/**
 * Streams the body into an extent of its own, checked against Content-MD5. The caller commits or discards it.
 * Throws 411 without a length, 413 over `maxBytes`, 400 on another digest; then nothing stays on disk.
 * @param small `inline`: what is small enough is no file, but goes into the record
 */
export async function receiveExtent(
  context: OperationContext,
  maxBytes: number,
  small: 'inline' | 'file' = 'file',
): Promise<WrittenExtent> {
  const expected = expectedMd5(context);
  const declared = requireLength(context, maxBytes);
  if (small === 'inline' && declared <= MAX_INLINE_BYTES) return receiveInline(context, expected);
  // The iterator must not destroy the connection: a refusal still has to be written to it.
  const body = context.message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const written = await context.extents.write(body);
  if (expected !== undefined && !expected.equals(written.md5)) {
    await context.extents.discard(written.extent);
    throw md5Mismatch();
  }
  return written;
}

/**
 * Runs `task`, which is to record the extent, and removes the extent when it surely did not. After any other failure
 * a record may name it, so it stays, and the next start decides.
 */
export async function unlessRefused<T>(
  { extents }: OperationContext,
  extent: string,
  task: () => Promise<T>,
): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof BlobError || error instanceof DiskFull) await extents.discard(extent);
    throw error;
  }
}

/** Reads a small XML body. Throws as {@link receiveExtent} does. */
export async function receiveText(context: OperationContext, maxBytes: number): Promise<string> {
  const expected = expectedMd5(context);
  requireLength(context, maxBytes);
  const body = await readBody(context.message, maxBytes);
  if (expected !== undefined && !expected.equals(createHash('md5').update(body).digest()))
    throw md5Mismatch();
  return body.toString('utf8');
}

async function receiveInline(
  context: OperationContext,
  expected: Buffer | undefined,
): Promise<WrittenExtent> {
  const content = await readBody(context.message, MAX_INLINE_BYTES);
  const md5 = createHash('md5').update(content).digest();
  if (expected !== undefined && !expected.equals(md5)) throw md5Mismatch();
  return { extent: inlineExtent(content), length: content.length, md5 };
}

/** Gives the declared length. */
function requireLength({ request }: OperationContext, maxBytes: number): number {
  const length = request.header('content-length');
  if (length === undefined) {
    throw new BlobError(411, 'MissingContentLengthHeader', 'Content-Length HTTP header is missing.');
  }
  if (Number(length) > maxBytes) {
    throw new BlobError(
      413,
      'RequestBodyTooLarge',
      'The request body is too large and exceeds the maximum permissible limit.',
    );
  }
  return Number(length);
}

function expectedMd5({ request }: OperationContext): Buffer | undefined {
  const header = request.header('content-md5');
  if (header === undefined) return undefined;
  const md5 = decodeMd5(header);
  if (md5 === undefined)
    throw new BlobError(400, 'InvalidMd5', 'The MD5 value specified in the request is invalid.');
  return md5;
}

function md5Mismatch(): BlobError {
  return new BlobError(
    400,
    'Md5Mismatch',
    'The MD5 value specified in the request did not match with the MD5 value calculated by the server.',
  );
}
