import type { BlobServiceClient } from '@azure/storage-blob';
import { BlobSASPermissions, generateBlobSASQueryParameters, SASProtocol } from '@azure/storage-blob';
import { blobContainers } from '../domain/resources.ts';
import type { ModelStore } from '../ports/blobs.ts';
import { blobFiles } from './blob-files.ts';
import { rangeFiller, rangeReader } from './blob-reading.ts';

const hour = 3_600_000;

/** Container `models`. */
export function blobModelStore(service: BlobServiceClient): ModelStore {
  const container = service.getContainerClient(blobContainers.models);
  const delegation = delegationKeys(service);

  const { stat, begin } = blobFiles(container);

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
