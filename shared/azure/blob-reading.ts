import { type BlobClient, type BlobDownloadResponseParsed, RestError } from '@azure/storage-blob';
import { freeBuffer } from '../memory/free-buffer.ts';
import type { ReadInto, ReadRange } from '../ports/blobs.ts';

export function isStorageStatus(error: unknown, status: number): boolean {
  return error instanceof RestError && error.statusCode === status;
}

/** How often a download that breaks is taken up where it broke. */
const RESUMPTIONS = 3;

/** Reads ranges of a blob into memory of the caller's. */
export function rangeFiller(blob: BlobClient, conditions: { ifMatch?: string } = {}): ReadInto {
  return async (offset, target) => {
    const filled = await fill(blob, conditions, offset, target);
    if (filled < target.length) {
      throw new RangeError(`the blob ends at byte ${offset + filled}, before ${offset + target.length}`);
    }
  };
}

/** Reads ranges of a blob. */
export function rangeReader(blob: BlobClient, conditions: { ifMatch?: string } = {}): ReadRange {
  return async (offset, length) => {
    const target = Buffer.allocUnsafe(length);
    return target.subarray(0, await fill(blob, conditions, offset, target));
  };
}

/** Answers how many bytes there were. */
async function fill(
  blob: BlobClient,
  conditions: { ifMatch?: string },
  offset: number,
  target: Uint8Array,
): Promise<number> {
  if (target.length === 0) return 0;
  const first = await blob.download(offset, target.length, { conditions });
  let filled = 0;
  for await (const chunk of bytesOf(blob, first, offset, RESUMPTIONS)) {
    target.set(chunk, filled);
    filled += chunk.length;
    // Of every 16 KiB that arrive one such array is left; V8 would collect them by tens of MiB.
    freeBuffer(chunk);
  }
  return filled;
}

/**
 * What a download that began at `offset` brings. Where it breaks, it is taken up there, at most `resumptions` times and
 * in the same version: the client itself would give up, because to it a connection that is cut looks like an abort.
 */
export async function* bytesOf(
  blob: BlobClient,
  first: BlobDownloadResponseParsed,
  offset: number,
  resumptions: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { etag, contentLength } = first;
  if (etag === undefined || contentLength === undefined) {
    throw new Error('the blob service answered without a length or an ETag');
  }
  let response = first;
  for (let [resumed, at] = [0, 0]; ; resumed++) {
    const { readableStreamBody } = response;
    if (readableStreamBody === undefined) throw new Error('the blob service answered without a body');
    const arriving = readableStreamBody as AsyncIterable<unknown> as AsyncIterable<Buffer<ArrayBuffer>>;
    try {
      for await (const chunk of arriving) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (at === contentLength) return;
      if (resumed === resumptions) throw error;
    }
    response = await blob.download(offset + at, contentLength - at, { conditions: { ifMatch: etag } });
  }
}
