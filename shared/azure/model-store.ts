import type { BlobServiceClient } from '@azure/storage-blob';
import { BlobSASPermissions, generateBlobSASQueryParameters, SASProtocol } from '@azure/storage-blob';
import type { BlobReference } from '../contracts/documents.ts';
import { blobContainers } from '../domain/resources.ts';
import type { BlobWriter, ModelStore } from '../ports/blobs.ts';
import { isStorageStatus, rangeFiller, rangeReader } from './blob-reading.ts';
import { blockUpload } from './block-upload.ts';

const hour = 3_600_000;

/** Container `models`. The digest travels as blob metadata, set in the commit that makes the blob exist. */
export function blobModelStore(service: BlobServiceClient): ModelStore {
  const container = service.getContainerClient(blobContainers.models);
  const delegation = delegationKeys(service);

  const stat = async (path: string): Promise<BlobReference | undefined> => {
    try {
      const properties = await container.getBlobClient(path).getProperties();
      const sha256 = properties.metadata?.['sha256'];
      if (sha256 === undefined || properties.contentLength === undefined) {
        throw new Error(`model blob ${path} carries no digest`);
      }
      return { path, sha256, bytes: properties.contentLength };
    } catch (error) {
      if (isStorageStatus(error, 404)) return undefined;
      throw error;
    }
  };

  const begin = (path: string): BlobWriter => {
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
  };

  return {
    stat,
    begin,
    async create(path, produce) {
      const present = await stat(path);
      if (present !== undefined) return present;
      const writer = begin(path);
      await produce((chunk) => writer.write(chunk));
      return writer.commit();
    },
    reader: (path) => rangeReader(container.getBlobClient(path)),
    filler: (path) => rangeFiller(container.getBlobClient(path)),
    async link(path, expiresAt) {
      const blob = container.getBlobClient(path);
      const query = generateBlobSASQueryParameters(
        {
          containerName: container.containerName,
          blobName: path,
          permissions: BlobSASPermissions.parse('r'),
          expiresOn: new Date(expiresAt),
          protocol: SASProtocol.Https,
        },
        await delegation(expiresAt),
        service.accountName,
      );
      return `${blob.url}?${query.toString()}`;
    },
  };
}

/** User delegation keys, renewed when less than an hour is left on the one in hand. */
function delegationKeys(service: BlobServiceClient) {
  let held:
    | { key: Awaited<ReturnType<BlobServiceClient['getUserDelegationKey']>>; until: number }
    | undefined;
  return async (neededUntil: number) => {
    if (held === undefined || held.until < neededUntil) {
      const until = Math.max(neededUntil + hour, Date.now() + 6 * hour);
      const key = await service.getUserDelegationKey(new Date(Date.now() - 300_000), new Date(until));
      held = { key, until };
    }
    return held.key;
  };
}
