/** Says which operation a request asks for, from its method, address and headers alone. */
import { badRequest, CosmosFailure, notFound, unsupported } from './failure.ts';

export interface RequestHead {
  readonly method: string;
  /** Decoded segments of the path. */
  readonly segments: readonly string[];
  /** By lower-case name. */
  header(name: string): string | undefined;
}

export const METADATA_NAMES = [
  'account/read',
  'databases/list',
  'databases/query',
  'databases/read',
  'containers/list',
  'containers/query',
  'containers/read',
  'ranges/list',
] as const;
export type MetadataName = (typeof METADATA_NAMES)[number];

export const ITEMS_NAMES = [
  'items/create',
  'items/upsert',
  'items/replace',
  'items/patch',
  'items/delete',
  'items/read',
  'items/batch',
  'items/query',
  'items/list',
] as const;
export type ItemsName = (typeof ITEMS_NAMES)[number];
export type WriteName = Exclude<ItemsName, 'items/read' | 'items/batch' | 'items/query' | 'items/list'>;

export interface Operation<N extends MetadataName | ItemsName = MetadataName | ItemsName> {
  readonly name: N;
  /** Empty where the operation is above the level. */
  readonly database: string;
  readonly container: string;
  readonly id: string;
}

export type AnyOperation = Operation<MetadataName> | Operation<ItemsName>;

export function isMetadata(operation: AnyOperation): operation is Operation<MetadataName> {
  return !operation.name.startsWith('items/');
}

const BELOW_CONTAINER: Readonly<Record<string, string>> = {
  sprocs: 'Stored procedures',
  triggers: 'Triggers',
  udfs: 'User-defined functions',
  conflicts: 'The conflicts feed',
  schemas: 'Schemas',
  operations: 'Deleting all items of a partition key',
};
const BELOW_DATABASE: Readonly<Record<string, string>> = {
  users: 'Users and permissions',
  clientencryptionkeys: 'Client encryption keys',
};
const AT_ROOT: Readonly<Record<string, string>> = {
  offers: 'Offers (throughput)',
  topology: 'Topology',
  media: 'Media',
  addresses: 'Direct connectivity (addresses)',
};
const SCRIPT_HEADERS = [
  'pre-trigger-include',
  'post-trigger-include',
  'pre-trigger-exclude',
  'post-trigger-exclude',
];

/** @throws CosmosFailure 400, 403, 404, 405, 501 */
export function identifyOperation(head: RequestHead): AnyOperation {
  const [root, database = '', level, container = '', kind, id = ''] = head.segments;
  const made = <N extends MetadataName | ItemsName>(name: N): Operation<N> => ({
    name,
    database,
    container,
    id,
  });
  const depth = head.segments.length;
  if (root === undefined) return made(only(head, 'GET', 'account/read'));
  if (root !== 'dbs') throw refusalOf(AT_ROOT, root);
  if (depth === 1) return made(identifyFeed(head, 'databases'));
  if (depth === 2) return made(identifyResource(head, 'databases/read'));
  if (level !== 'colls') throw refusalOf(BELOW_DATABASE, level ?? '');
  if (depth === 3) return made(identifyFeed(head, 'containers'));
  if (depth === 4) return made(identifyResource(head, 'containers/read'));
  if (kind === 'pkranges' && depth === 5) return made(only(head, 'GET', 'ranges/list'));
  if (kind !== 'docs') throw refusalOf(BELOW_CONTAINER, kind ?? '');
  if (depth === 5) return made(identifyItemFeed(head));
  if (depth === 6) return made(identifyItem(head));
  throw head.segments[6] === 'attachments' ? unsupported('Attachments') : notFound('The resource');
}

function isFlagSet(head: RequestHead, name: string): boolean {
  return head.header(name)?.toLowerCase() === 'true';
}

function identifyItemFeed(head: RequestHead): ItemsName {
  refuseScripts(head);
  if (head.method === 'GET') {
    if (head.header('a-im') !== undefined) throw unsupported('The change feed');
    return 'items/list';
  }
  if (head.method !== 'POST') throw wrongMethod(head);
  if (isFlagSet(head, 'x-ms-cosmos-is-batch-request')) {
    if (!isFlagSet(head, 'x-ms-cosmos-batch-atomic'))
      throw unsupported('A bulk request that is not transactional');
    return 'items/batch';
  }
  if (isFlagSet(head, 'x-ms-cosmos-is-query-plan-request')) throw unsupported('A query plan');
  if (isQuery(head)) {
    refusePlanned(head);
    return 'items/query';
  }
  return isFlagSet(head, 'x-ms-documentdb-is-upsert') ? 'items/upsert' : 'items/create';
}

function identifyItem(head: RequestHead): ItemsName {
  refuseScripts(head);
  switch (head.method) {
    case 'GET':
      return 'items/read';
    case 'PUT':
      return 'items/replace';
    case 'DELETE':
      return 'items/delete';
    case 'PATCH':
      return 'items/patch';
    default:
      throw wrongMethod(head);
  }
}

function identifyFeed<K extends 'databases' | 'containers'>(
  head: RequestHead,
  kind: K,
): `${K}/list` | `${K}/query` {
  if (head.method === 'GET') return `${kind}/list`;
  if (head.method === 'POST' && isQuery(head)) return `${kind}/query`;
  throw managementRefused(head);
}

function identifyResource<N extends Operation['name']>(head: RequestHead, name: N): N {
  if (head.method === 'GET') return name;
  throw managementRefused(head);
}

/** Databases and containers come from provisioning: no data-plane role may change them, here as in Azure. */
function managementRefused({ method, segments }: RequestHead): CosmosFailure {
  const message = `The given request [${method} /${segments.join('/')}] cannot be authorized by AAD token in data plane.`;
  return new CosmosFailure(403, 'Forbidden', message, { substatus: 5300 });
}

function only<N extends Operation['name']>(head: RequestHead, method: string, name: N): N {
  if (head.method !== method) throw wrongMethod(head);
  return name;
}

function isQuery(head: RequestHead): boolean {
  return (
    isFlagSet(head, 'x-ms-documentdb-isquery') ||
    head.header('content-type')?.startsWith('application/query+json') === true
  );
}

/**
 * A client that runs a query by a plan sends it to ranges of partitions and leaves its partition key out, so that it
 * would come to the rows of all. No plan is given, and what looks planned is refused.
 */
function refusePlanned(head: RequestHead): void {
  const ranged = ['x-ms-documentdb-partitionkeyrangeid', 'x-ms-start-epk', 'x-ms-end-epk'];
  if (head.header('x-ms-documentdb-partitionkey') !== undefined) return;
  if (ranged.some((name) => head.header(name) !== undefined))
    throw unsupported('A query over a partition key range');
}

function refuseScripts(head: RequestHead): void {
  if (SCRIPT_HEADERS.some((name) => head.header(`x-ms-documentdb-${name}`) !== undefined)) {
    throw unsupported('A trigger');
  }
  if (head.header('x-ms-cosmos-is-client-encrypted') !== undefined)
    throw unsupported('Client-side encryption');
}

function refusalOf(known: Readonly<Record<string, string>>, segment: string): CosmosFailure {
  const feature = Object.hasOwn(known, segment) ? known[segment] : undefined;
  return feature === undefined
    ? badRequest('The address names no resource of this service.')
    : unsupported(feature);
}

function wrongMethod({ method }: RequestHead): CosmosFailure {
  return new CosmosFailure(405, 'MethodNotAllowed', `${method} is not allowed on this resource.`);
}
