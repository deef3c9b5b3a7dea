import { createHash } from 'node:crypto';
import type { BlobServiceClient } from '@azure/storage-blob';
import { blobContainers } from '../domain/resources.ts';
import type { RoundArchive } from '../ports/blobs.ts';
import { blobDocuments } from './blob-documents.ts';

/** Container `rounds`. */
export function blobRoundArchive(service: BlobServiceClient): RoundArchive {
  const { find, putOrRead } = blobDocuments(service.getContainerClient(blobContainers.rounds));
  return {
    find,
    putOrRead,
    async put(path, bytes) {
      const { reference } = await putOrRead(path, bytes);
      if (reference.sha256 !== createHash('sha256').update(bytes).digest('hex')) {
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
