import type { BlobServiceClient } from '@azure/storage-blob';
import { blobContainers } from '../domain/resources.ts';
import type { UpdateStore } from '../ports/blobs.ts';
import { bytesOf, isStorageStatus, rangeFiller } from './blob-reading.ts';

/** How often one pass over an update, minutes long for a large one, is taken up where its connection broke. */
const RESUMPTIONS_PER_PASS = 20;

/** Containers `updates-{silo}`, with the aggregator's identity. */
export function blobUpdateStore(service: BlobServiceClient): UpdateStore {
  const container = (silo: string) => service.getContainerClient(blobContainers.updates(silo));
  return {
    async open(silo, path) {
      try {
        const blob = container(silo).getBlobClient(path);
        const first = await blob.download();
        const { contentLength, etag, versionId } = first;
        if (contentLength === undefined || etag === undefined) {
          throw new Error('the blob service answered without a length or an ETag');
        }
        return {
          bytes: contentLength,
          etag,
          ...(versionId === undefined ? {} : { versionId }),
          content: bytesOf(blob, first, 0, RESUMPTIONS_PER_PASS),
        };
      } catch (error) {
        if (isStorageStatus(error, 404)) return undefined;
        throw error;
      }
    },
    filler(silo, pin) {
      const blob = container(silo).getBlobClient(pin.path);
      // A version cannot change; where the account keeps none, the ETag pins the bytes that were admitted.
      return pin.versionId === undefined
        ? rangeFiller(blob, { ifMatch: pin.etag })
        : rangeFiller(blob.withVersion(pin.versionId));
    },
  };
}
