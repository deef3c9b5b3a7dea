/** The documents that describe account, databases, containers and partition key ranges. */
import type { Container, Database } from './container-state.ts';
import { containerResourceId, databaseResourceId } from './resource-id.ts';
import type { JsonObject } from './sql/values.ts';

/** One region that is written to and read from, with strong consistency: there is a single writer. */
export function accountDocument(endpoint: string): JsonObject {
  const region = { name: 'local', databaseAccountEndpoint: `${endpoint}/` };
  return {
    id: 'local',
    _self: '',
    _rid: 'local',
    media: '//media/',
    addresses: '//addresses/',
    _dbs: '//dbs/',
    writableLocations: [region],
    readableLocations: [region],
    enableMultipleWriteLocations: false,
    userConsistencyPolicy: { defaultConsistencyLevel: 'Strong' },
    queryEngineConfiguration: JSON.stringify({ maxSqlQueryInputLength: 262_144, sqlAllowTop: true }),
  };
}

export function databaseDocument({ name, number, createdAt }: Database): JsonObject {
  const rid = databaseResourceId(number);
  return {
    id: name,
    _rid: rid,
    _self: `dbs/${rid}/`,
    _etag: `"${number.toString(16).padStart(8, '0')}-0000-0000-0000-000000000000"`,
    _ts: createdAt,
    _colls: 'colls/',
    _users: 'users/',
  };
}

export function containerDocument({ name, number, database, definition, changedAt }: Container): JsonObject {
  const rid = containerResourceId(database.number, number);
  return {
    id: name,
    partitionKey: { paths: [definition.partitionKeyPath], kind: 'Hash', version: 2 },
    ...(definition.defaultTtlSeconds === undefined ? {} : { defaultTtl: definition.defaultTtlSeconds }),
    indexingPolicy: {
      indexingMode: 'consistent',
      automatic: true,
      includedPaths: [{ path: '/*' }],
      excludedPaths: [{ path: '/"_etag"/?' }],
    },
    _rid: rid,
    _self: `dbs/${databaseResourceId(database.number)}/colls/${rid}/`,
    _etag: `"${number.toString(16).padStart(8, '0')}-0000-0000-0000-${changedAt.toString(16).padStart(12, '0')}"`,
    _ts: changedAt,
    _docs: 'docs/',
    _sprocs: 'sprocs/',
    _triggers: 'triggers/',
    _udfs: 'udfs/',
    _conflicts: 'conflicts/',
  };
}

/** One physical partition holds everything. */
export function partitionKeyRange({ database, number }: Container): JsonObject {
  const rid = containerResourceId(database.number, number);
  return {
    id: '0',
    _rid: rid,
    _self: `dbs/${databaseResourceId(database.number)}/colls/${rid}/pkranges/0/`,
    _etag: '"0"',
    _ts: 0,
    minInclusive: '',
    maxExclusive: 'FF',
    ridPrefix: 0,
    throughputFraction: 1,
    status: 'online',
    parents: [],
  };
}
