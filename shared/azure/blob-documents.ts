import { createHash } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import type { BlobReference } from '../contracts/documents.ts';
import { isStorageStatus } from './blob-reading.ts';

export interface FoundDocument {
  readonly reference: BlobReference;
  readonly bytes: Buffer;
}

export interface BlobDocuments {
  readonly find: (path: string) => Promise<FoundDocument | undefined>;
  /** Writes bytes unless the path is taken; answers what is there in either case. */
  readonly putOrRead: (path: string, content: Uint8Array) => Promise<FoundDocument>;
}

/** Small blobs of a container, each created once and never changed. */
export function blobDocuments(container: ContainerClient): BlobDocuments {
  const find = async (path: string) => {
    try {
      const bytes = await container.getBlobClient(path).downloadToBuffer();
      return { reference: referenceTo(path, bytes), bytes };
    } catch (error) {
      if (isStorageStatus(error, 404)) return undefined;
      throw error;
    }
  };
  return {
    find,
    async putOrRead(path, content) {
      const bytes = Buffer.from(content);
      try {
        await container.getBlockBlobClient(path).upload(bytes, bytes.length, {
          conditions: { ifNoneMatch: '*' },
          blobHTTPHeaders: { blobContentType: 'application/json' },
        });
        return { reference: referenceTo(path, bytes), bytes };
      } catch (error) {
        if (!isStorageStatus(error, 409) && !isStorageStatus(error, 412)) throw error;
        const present = await find(path);
        if (present === undefined) throw error;
        return present;
      }
    },
  };
}

function referenceTo(path: string, bytes: Uint8Array): BlobReference {
  return { path, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}
