/** Parts of Azure's Blob service that this one knows by name and does not offer. Everything else it refuses as unknown. */

/** By level, then by `comp`. */
export const UNSUPPORTED_COMPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  service: {
    properties: 'Blob Service Properties or Account Information',
    stats: 'Get Blob Service Stats',
    batch: 'Blob Batch',
    blobs: 'Find Blobs by Tags',
  },
  container: {
    metadata: 'Container Metadata',
    acl: 'Container ACL',
    lease: 'Lease Container',
    undelete: 'Restore Container',
    rename: 'Rename Container',
    batch: 'Blob Batch',
    blobs: 'Find Blobs by Tags in Container',
    properties: 'Get Account Information',
  },
  blob: {
    snapshot: 'Snapshot Blob',
    lease: 'Lease Blob',
    tags: 'Blob Tags',
    copy: 'Copy Blob',
    tier: 'Set Blob Tier',
    undelete: 'Undelete Blob',
    query: 'Query Blob Contents',
    expiry: 'Set Blob Expiry',
    incrementalcopy: 'Incremental Copy Blob',
    page: 'Put Page',
    pagelist: 'Get Page Ranges',
    appendblock: 'Append Block',
    seal: 'Append Blob Seal',
  },
};

export const UNSUPPORTED_QUERY: Readonly<Record<string, string>> = {
  snapshot: 'A snapshot',
  deletetype: 'Permanent deletion of soft-deleted data',
  prevsnapshot: 'A snapshot',
  startfrom: 'Listing with startFrom',
};

/** By beginning of the header's name. */
export const UNSUPPORTED_HEADERS: readonly (readonly [string, string])[] = [
  ['x-ms-copy-', 'Copy Blob'],
  ['x-ms-source-', 'Copy Blob'],
  ['x-ms-requires-sync', 'Copy Blob'],
  ['x-ms-lease-', 'Leases'],
  ['x-ms-proposed-lease-id', 'Leases'],
  ['x-ms-tags', 'Blob Tags'],
  ['x-ms-if-tags', 'Blob Tags'],
  ['x-ms-content-crc64', 'CRC64 checksums'],
  ['x-ms-range-get-content-crc64', 'CRC64 checksums'],
  ['x-ms-structured-', 'Structured messages'],
  ['x-ms-encryption-', 'Customer-provided keys and encryption scopes'],
  ['x-ms-default-encryption-scope', 'Customer-provided keys and encryption scopes'],
  ['x-ms-access-tier', 'Access tiers'],
  ['x-ms-rehydrate-priority', 'Access tiers'],
  ['x-ms-blob-sequence-number', 'Page Blobs'],
  ['x-ms-blob-content-length', 'Page Blobs'],
  ['x-ms-blob-condition-', 'Append Blobs'],
  ['x-ms-expiry-', 'Set Blob Expiry'],
];
