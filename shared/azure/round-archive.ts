import { createHash } from 'node:crypto';
import type { BlobServiceClient } from '@azure/storage-blob';
import type { BlobReference } from '../contracts/documents.ts';
import { blobContainers } from '../domain/resources.ts';
import type { RoundArchive } from '../ports/blobs.ts';
import { isStorageStatus } from './blob-reading.ts';

/** Container `rounds`: every document is created once and never changed. */
export function blobRoundArchive(service: BlobServiceClient): RoundArchive {
  const container = service.getContainerClient(blobContainers.rounds);

  const find = async (path: string) => {
    try {
      const bytes = await container.getBlobClient(path).downloadToBuffer();
      return { reference: referenceTo(path, bytes), bytes };
    } catch (error) {
      if (isStorageStatus(error, 404)) return undefined;
      throw error;
    }
  };

  const putOrRead = async (path: string, content: Uint8Array) => {
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
  };

  return {
    find,
    putOrRead,
    async put(path, bytes) {
      const { reference } = await putOrRead(path, bytes);
      if (reference.sha256 !== referenceTo(path, bytes).sha256) {
        throw new Error(`other bytes are archived at ${path} already`);
      }
      return reference;
    },
    async get(reference) {
      const present = await find(reference.path);
      if (present?.reference.sha256 !== reference.sha256) {
        throw new Error(`${reference.path} is missing from the archive or does not match its digest`);
      }
      return present.bytes;
    },
  };
}

function referenceTo(path: string, bytes: Uint8Array): BlobReference {
  return { path, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}
