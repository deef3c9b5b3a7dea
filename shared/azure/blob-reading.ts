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
  let pinned = conditions;
  let filled = 0;
  for (let resumed = 0; filled < target.length; resumed++) {
    const response = await blob.download(offset + filled, target.length - filled, { conditions: pinned });
    // A download that goes on must not go on in another version.
    if (response.etag !== undefined) pinned = { ifMatch: response.etag };
    try {
      for await (const chunk of bodyOf(response)) {
        target.set(chunk, filled);
        filled += chunk.length;
        // Of every 16 KiB that arrive one such array is left; V8 would collect them by tens of MiB.
        freeBuffer(chunk);
      }
      break;
    } catch (error) {
      // The client itself gives up as soon as a connection is cut: to it that looks like an abort.
      if (resumed === RESUMPTIONS) throw error;
    }
  }
  return filled;
}

function bodyOf({ readableStreamBody }: BlobDownloadResponseParsed): AsyncIterable<Uint8Array<ArrayBuffer>> {
  if (readableStreamBody === undefined) throw new Error('the blob service answered without a body');
  return readableStreamBody as AsyncIterable<unknown> as AsyncIterable<Uint8Array<ArrayBuffer>>;
}
