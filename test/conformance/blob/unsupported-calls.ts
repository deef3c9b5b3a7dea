import type { TokenCredential } from '@azure/identity';
import type { BlobServiceClient, BlockBlobClient, ContainerClient } from '@azure/storage-blob';

export interface BlobClients {
  readonly service: BlobServiceClient;
  readonly box: ContainerClient;
  /** There, with content. */
  readonly blob: BlockBlobClient;
  readonly credential: TokenCredential;
  /** For what the client has no call for; rejects as the client does. @param path behind the container */
  readonly raw: (method: string, path: string, headers?: Record<string, string>) => Promise<void>;
}

/** What Azure has and the embedded Blob service has not: its name in the refusal, and how a client asks for it. */
export const UNSUPPORTED_BLOB: readonly (readonly [string, (clients: BlobClients) => Promise<unknown>])[] = [
  ['Copy Blob', async ({ blob }) => (await blob.beginCopyFromURL(blob.url)).pollUntilDone()],
  ['Copy Blob', ({ blob }) => blob.syncCopyFromURL(blob.url)],
  ['Copy Blob', ({ blob }) => blob.syncUploadFromURL(blob.url)],
  ['Copy Blob', ({ blob }) => blob.stageBlockFromURL('AAAA', blob.url)],
  ['Put Blob of type AppendBlob', ({ box }) => box.getAppendBlobClient('append').create()],
  ['Append Block', ({ box }) => box.getAppendBlobClient('append').appendBlock('x', 1)],
  ['Page Blobs', ({ box }) => box.getPageBlobClient('page').create(512)],
  ['Put Page', ({ box }) => box.getPageBlobClient('page').uploadPages(Buffer.alloc(512), 0, 512)],
  ['Snapshot Blob', ({ blob }) => blob.createSnapshot()],
  ['A snapshot', ({ blob }) => blob.withSnapshot('2026-01-01T00:00:00.0000000Z').download()],
  ['Lease Blob', ({ blob }) => blob.getBlobLeaseClient().acquireLease(15)],
  ['Lease Container', ({ box }) => box.getBlobLeaseClient().acquireLease(15)],
  ['Leases', ({ blob }) => blob.upload('x', 1, { conditions: { leaseId: 'a' } })],
  ['Blob Tags', ({ blob }) => blob.setTags({ a: 'b' })],
  ['Blob Tags', ({ blob }) => blob.getTags()],
  ['Blob Tags', ({ blob }) => blob.upload('x', 1, { tags: { a: 'b' } })],
  ['Blob Tags', ({ blob }) => blob.upload('x', 1, { conditions: { tagConditions: 'a=1' } })],
  ['Find Blobs by Tags', ({ service }) => service.findBlobsByTags('a=1').next()],
  [
    'Blob Batch',
    ({ service, blob, credential }) => service.getBlobBatchClient().deleteBlobs([blob.url], credential),
  ],
  ['Query Blob Contents', ({ blob }) => blob.query('select * from BlobStorage')],
  ['Set Blob Tier', ({ blob }) => blob.setAccessTier('Cool')],
  ['Access tiers', ({ blob }) => blob.upload('x', 1, { tier: 'Cool' })],
  ['Undelete Blob', ({ blob }) => blob.undelete()],
  ['Blob Service Properties or Account Information', ({ service }) => service.getProperties()],
  ['Get Blob Service Stats', ({ service }) => service.getStatistics()],
  ['Blob Service Properties or Account Information', ({ service }) => service.getAccountInfo()],
  ['Container Metadata', ({ box }) => box.setMetadata({ a: '1' })],
  ['Container ACL', ({ box }) => box.getAccessPolicy()],
  ['Restore Container', ({ service }) => service.undeleteContainer('box', '1')],
  ['CRC64', ({ blob }) => blob.stageBlock('AAAA', 'x', 1, { transactionalContentCrc64: new Uint8Array(8) })],
  ['CRC64', ({ blob }) => blob.download(0, 1, { rangeGetContentCrc64: true })],
  ['Structured messages', ({ blob }) => blob.upload('x', 1, { contentChecksumAlgorithm: 'StorageCrc64' })],
  ['encryption scopes', ({ blob }) => blob.upload('x', 1, { encryptionScope: 'e' })],
  ['include=snapshots', ({ box }) => box.listBlobsFlat({ includeSnapshots: true }).next()],
  ['Get Page Ranges', ({ box }) => box.getPageBlobClient('page').getPageRanges()],
  ['Append Blobs', ({ raw }) => raw('GET', '/x', { 'x-ms-blob-condition-appendpos': '0' })],
  ['Append Blob Seal', ({ box }) => box.getAppendBlobClient('append').seal()],
  ['Incremental Copy Blob', ({ raw }) => raw('PUT', '/x?comp=incrementalcopy')],
  ['Set Blob Expiry', ({ raw }) => raw('PUT', '/x?comp=expiry')],
  ['Rename Container', ({ raw }) => raw('PUT', '?restype=container&comp=rename')],
  ['Find Blobs by Tags in Container', ({ box }) => box.findBlobsByTags('a=1').next()],
  ['Get Account Information', ({ box }) => box.getAccountInfo()],
  [
    'Customer-provided keys',
    ({ blob }) =>
      blob.upload('x', 1, {
        customerProvidedKey: { encryptionKey: 'a', encryptionKeySha256: 'b', encryptionAlgorithm: 'AES256' },
      }),
  ],
];
