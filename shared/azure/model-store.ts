import { createHash } from 'node:crypto';
import type { BlobServiceClient, BlockBlobClient } from '@azure/storage-blob';
import { BlobSASPermissions, generateBlobSASQueryParameters, SASProtocol } from '@azure/storage-blob';
import type { BlobReference } from '../contracts/documents.ts';
import { blobContainers } from '../domain/resources.ts';
import type { ModelStore } from '../ports/blobs.ts';
import { isStorageStatus, rangeReader } from './blob-reading.ts';

const blockBytes = 4 * 2 ** 20;
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

  return {
    stat,
    async create(path, produce) {
      const present = await stat(path);
      if (present !== undefined) return present;
      const blob = container.getBlockBlobClient(path);
      const upload = blockUpload(blob);
      await produce((chunk) => upload.write(chunk));
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
    reader: (path) => rangeReader(container.getBlobClient(path)),
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

/** Cuts a stream of chunks into blocks and commits them as one new blob with its digest. */
function blockUpload(blob: BlockBlobClient) {
  const hash = createHash('sha256');
  const blocks: string[] = [];
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (pendingBytes === 0) return;
    const block = Buffer.concat(pending, pendingBytes);
    pending = [];
    pendingBytes = 0;
    const id = Buffer.from(blocks.length.toString().padStart(8, '0')).toString('base64');
    await blob.stageBlock(id, block, block.length);
    blocks.push(id);
  };
  return {
    async write(chunk: Uint8Array): Promise<void> {
      hash.update(chunk);
      bytes += chunk.length;
      pending.push(Buffer.from(chunk));
      pendingBytes += chunk.length;
      if (pendingBytes >= blockBytes) await flush();
    },
    async commit(): Promise<{ sha256: string; bytes: number }> {
      await flush();
      const sha256 = hash.digest('hex');
      await blob.commitBlockList(blocks, {
        conditions: { ifNoneMatch: '*' },
        metadata: { sha256 },
        blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
      });
      return { sha256, bytes };
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
