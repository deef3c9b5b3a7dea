import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient, RestError } from '@azure/storage-blob';
import type { UpdateContainer } from '../ports.ts';

export const BLOCK_BYTES = 8 * 2 ** 20;

/** Container `updates-{silo}` of the account at `account`, a blob service URL. */
export function blobUpdateContainer(
  account: string,
  silo: string,
  credential: TokenCredential,
): UpdateContainer {
  const container = new BlobServiceClient(account, credential).getContainerClient(`updates-${silo}`);
  return {
    async create(path, file, signal) {
      try {
        await container.getBlockBlobClient(path).uploadFile(file, {
          abortSignal: signal,
          conditions: { ifNoneMatch: '*' },
          blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
          maxSingleShotSize: BLOCK_BYTES,
          blockSize: BLOCK_BYTES,
          concurrency: 2,
        });
        return 'created';
      } catch (error) {
        // The name is the digest of the bytes: whoever wrote it wrote these, most likely an earlier try of ours.
        if (error instanceof RestError && isTaken(error)) return 'exists';
        throw error;
      }
    },
    async probe() {
      try {
        await container.getProperties();
      } catch (error) {
        // An identity that may only create is known, and refused to read: that is as it should be.
        if (error instanceof RestError && error.statusCode === 403) return;
        throw error;
      }
    },
  };
}

function isTaken({ statusCode, code }: RestError): boolean {
  if (statusCode === 409) return code === 'BlobAlreadyExists';
  return statusCode === 403 && code === 'UnauthorizedBlobOverwrite';
}
