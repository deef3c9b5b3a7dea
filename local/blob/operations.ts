import { getBlockList, putBlockList } from './block-list.ts';
import { CONDITION_HEADERS } from './conditions.ts';
import { getContainerProperties, listContainers, refuseProvisioning } from './container-operations.ts';
import { deleteBlob } from './delete-blob.ts';
import { getBlob, getBlobMetadata, getBlobProperties } from './get-blob.ts';
import { deleteImmutabilityPolicy, setImmutabilityPolicy, setLegalHold } from './immutability.ts';
import { listBlobs } from './list-blobs.ts';
import type { Operation } from './operation.ts';
import { putBlob } from './put-blob.ts';
import { putBlock } from './put-block.ts';
import { setBlobMetadata, setBlobProperties } from './set-properties.ts';
import { getUserDelegationKey } from './user-delegation-key.ts';
import { CONTENT_HEADERS, PROTECTION_HEADERS } from './write-headers.ts';

const PAGING = ['prefix', 'marker', 'maxresults', 'include'];
const PINNED = ['versionid'];
const CREATING = { headers: [...CONTENT_HEADERS, ...PROTECTION_HEADERS], metadata: true } as const;
const READING = { query: PINNED, conditions: CONDITION_HEADERS };
const WRITING = { conditions: CONDITION_HEADERS };

/** All that this service does. What is not here is answered by unsupported.ts. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'List Containers',
    level: 'service',
    methods: ['GET'],
    comp: 'list',
    query: PAGING,
    run: listContainers,
  },
  {
    name: 'Get User Delegation Key',
    level: 'service',
    methods: ['POST'],
    restype: 'service',
    comp: 'userdelegationkey',
    run: getUserDelegationKey,
  },
  {
    name: 'Get Container Properties',
    level: 'container',
    methods: ['GET', 'HEAD'],
    restype: 'container',
    run: getContainerProperties,
  },
  {
    name: 'Create or Delete Container',
    level: 'container',
    methods: ['PUT', 'DELETE'],
    restype: 'container',
    headers: ['x-ms-blob-public-access'],
    metadata: true,
    run: refuseProvisioning,
  },
  {
    name: 'List Blobs',
    level: 'container',
    methods: ['GET'],
    restype: 'container',
    comp: 'list',
    query: [...PAGING, 'delimiter'],
    run: listBlobs,
  },
  {
    name: 'Put Blob',
    level: 'blob',
    methods: ['PUT'],
    ...WRITING,
    ...CREATING,
    headers: [...CREATING.headers, 'x-ms-blob-type'],
    run: putBlob,
  },
  { name: 'Put Block', level: 'blob', methods: ['PUT'], comp: 'block', query: ['blockid'], run: putBlock },
  {
    name: 'Put Block List',
    level: 'blob',
    methods: ['PUT'],
    comp: 'blocklist',
    ...WRITING,
    ...CREATING,
    run: putBlockList,
  },
  {
    name: 'Get Block List',
    level: 'blob',
    methods: ['GET'],
    comp: 'blocklist',
    query: [...PINNED, 'blocklisttype'],
    run: getBlockList,
  },
  {
    name: 'Get Blob',
    level: 'blob',
    methods: ['GET'],
    ...READING,
    headers: ['x-ms-range', 'x-ms-range-get-content-md5'],
    run: getBlob,
  },
  { name: 'Get Blob Properties', level: 'blob', methods: ['HEAD'], ...READING, run: getBlobProperties },
  {
    name: 'Get Blob Metadata',
    level: 'blob',
    methods: ['GET', 'HEAD'],
    comp: 'metadata',
    ...READING,
    run: getBlobMetadata,
  },
  {
    name: 'Set Blob Metadata',
    level: 'blob',
    methods: ['PUT'],
    comp: 'metadata',
    ...WRITING,
    metadata: true,
    run: setBlobMetadata,
  },
  {
    name: 'Set Blob Properties',
    level: 'blob',
    methods: ['PUT'],
    comp: 'properties',
    ...WRITING,
    headers: CONTENT_HEADERS,
    run: setBlobProperties,
  },
  {
    name: 'Delete Blob',
    level: 'blob',
    methods: ['DELETE'],
    ...READING,
    headers: ['x-ms-delete-snapshots'],
    run: deleteBlob,
  },
  {
    name: 'Set Blob Immutability Policy',
    level: 'blob',
    methods: ['PUT'],
    comp: 'immutabilitypolicies',
    query: PINNED,
    conditions: ['if-unmodified-since'],
    headers: ['x-ms-immutability-policy-until-date', 'x-ms-immutability-policy-mode'],
    run: setImmutabilityPolicy,
  },
  {
    name: 'Delete Blob Immutability Policy',
    level: 'blob',
    methods: ['DELETE'],
    comp: 'immutabilitypolicies',
    query: PINNED,
    run: deleteImmutabilityPolicy,
  },
  {
    name: 'Set Blob Legal Hold',
    level: 'blob',
    methods: ['PUT'],
    comp: 'legalhold',
    query: PINNED,
    headers: ['x-ms-legal-hold'],
    run: setLegalHold,
  },
];
