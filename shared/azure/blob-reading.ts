import { buffer } from 'node:stream/consumers';
import { type BlobClient, RestError } from '@azure/storage-blob';
import type { ReadRange } from '../ports/blobs.ts';

export function isStorageStatus(error: unknown, status: number): boolean {
  return error instanceof RestError && error.statusCode === status;
}

/** Reads ranges of a blob; the client resumes a broken download by itself. */
export function rangeReader(blob: BlobClient, conditions: { ifMatch?: string } = {}): ReadRange {
  return async (offset, length) => {
    if (length === 0) return Buffer.alloc(0);
    const response = await blob.download(offset, length, { conditions, maxRetryRequests: 3 });
    if (response.readableStreamBody === undefined)
      throw new Error('the blob service answered without a body');
    return buffer(response.readableStreamBody);
  };
}
