import { BlobError, invalidHeader } from './blob-error.ts';
import type { BlobRequest } from './blob-request.ts';

export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/**
 * The range a read asks for by `x-ms-range`, or else `Range`; undefined for the whole blob.
 * Throws 416 when it starts behind the end, 400 when it is not `bytes=first-` or `bytes=first-last`.
 */
export function parseRange(request: BlobRequest, length: number): ByteRange | undefined {
  const name = request.header('x-ms-range') === undefined ? 'range' : 'x-ms-range';
  const value = request.header(name);
  if (value === undefined) return undefined;
  const match = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(value.trim());
  if (match === null) throw invalidHeader(name);
  const start = Number(match[1]);
  const end = match[2] === undefined ? length - 1 : Number(match[2]);
  if (match[2] !== undefined && end < start) throw invalidHeader(name);
  if (start >= length) {
    throw new BlobError(
      416,
      'InvalidRange',
      'The range specified is invalid for the current size of the resource.',
      {
        'content-range': `bytes */${length}`,
      },
    );
  }
  return { start, end: Math.min(end, length - 1) };
}
