import type { ContainerClient } from '@azure/storage-blob';
import type { BlobReference } from '../contracts/documents.ts';
import type { BlobWriter } from '../ports/blobs.ts';
import { isStorageStatus } from './blob-reading.ts';
import { blockUpload } from './block-upload.ts';

export interface BlobFiles {
  readonly begin: (path: string) => BlobWriter;
  readonly stat: (path: string) => Promise<BlobReference | undefined>;
}

/** Large blobs of a container, each written once. The digest travels as metadata, set in the commit that makes it exist. */
export function blobFiles(container: ContainerClient): BlobFiles {
  const stat = async (path: string): Promise<BlobReference | undefined> => {
    try {
      const properties = await container.getBlobClient(path).getProperties();
      const sha256 = properties.metadata?.['sha256'];
      if (sha256 === undefined || properties.contentLength === undefined) {
        throw new Error(`blob ${path} carries no digest`);
      }
      return { path, sha256, bytes: properties.contentLength };
    } catch (error) {
      if (isStorageStatus(error, 404)) return undefined;
      throw error;
    }
  };
  return {
    stat,
    begin(path) {
      const upload = blockUpload(container.getBlockBlobClient(path));
      return {
        write: (chunk) => upload.write(chunk),
        async commit() {
          try {
            return { path, ...(await upload.commit()) };
          } catch (error) {
            // Another run of the same activity committed first: its bytes are the answer.
            const winner =
              isStorageStatus(error, 409) || isStorageStatus(error, 412) ? await stat(path) : undefined;
            if (winner === undefined) throw error;
            return winner;
          }
        },
      };
    },
  };
}
