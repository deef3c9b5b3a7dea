import type { BlobServiceClient } from '@azure/storage-blob';
import { blobContainers } from '../domain/resources.ts';
import type { ShardStore } from '../ports/blobs.ts';
import { blobDocuments } from './blob-documents.ts';
import { blobFiles } from './blob-files.ts';
import { rangeFiller } from './blob-reading.ts';

/** Container `shards`, with the aggregator's identity. */
export function blobShardStore(service: BlobServiceClient): ShardStore {
  const container = service.getContainerClient(blobContainers.shards);
  const documents = blobDocuments(container);
  const files = blobFiles(container);
  return {
    begin: (path) => files.begin(path),
    filler: (path) => rangeFiller(container.getBlobClient(path)),
    async put(path, bytes) {
      await documents.putOrRead(path, bytes);
    },
    async find(path) {
      return (await documents.find(path))?.bytes;
    },
    async remove(path) {
      await container.getBlobClient(path).deleteIfExists();
    },
  };
}
