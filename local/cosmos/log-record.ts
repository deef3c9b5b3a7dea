import {
  applyChanges,
  type Container,
  type ContainerDefinition,
  type Database,
  type ItemChange,
  type StoredItem,
} from './container-state.ts';
import type { JsonObject } from './sql/values.ts';

/** What the log holds: absolute facts, so that reading one twice changes nothing. */
type LogRecord =
  | { readonly kind: 'database'; readonly name: string; readonly number: number; readonly createdAt: number }
  | {
      readonly kind: 'container';
      readonly database: string;
      readonly name: string;
      readonly number: number;
      readonly definition: ContainerDefinition;
      readonly changedAt: number;
      readonly lastLsn: number;
      readonly lastOrdinal: number;
    }
  | {
      readonly kind: 'items';
      readonly database: string;
      readonly container: string;
      readonly partition: string;
      readonly lsn: number;
      readonly puts: readonly { readonly ordinal: number; readonly body: JsonObject & { id: string } }[];
      readonly deletes: readonly string[];
    };

/** Items per record of a snapshot. */
const SNAPSHOT_ITEMS = 64;

export type DatabaseMap = Map<string, Database>;

export function encodeDatabase({ name, number, createdAt }: Omit<Database, 'containers'>): Uint8Array {
  return encode({ kind: 'database', name, number, createdAt });
}

export function encodeContainer(
  container: Pick<
    Container,
    'database' | 'name' | 'number' | 'definition' | 'changedAt' | 'lastLsn' | 'lastOrdinal'
  >,
): Uint8Array {
  const { database, name, number, definition, changedAt, lastLsn, lastOrdinal } = container;
  return encode({
    kind: 'container',
    database: database.name,
    name,
    number,
    definition,
    changedAt,
    lastLsn,
    lastOrdinal,
  });
}

/** One record for all changes, so that they are on disk together or not at all. */
export function encodeChanges(
  container: Container,
  partition: string,
  changes: Iterable<ItemChange>,
  lsn: number,
): Uint8Array {
  const puts: { ordinal: number; body: JsonObject & { id: string } }[] = [];
  const deletes: string[] = [];
  for (const change of changes) {
    if (change.kind === 'delete') deletes.push(change.id);
    else puts.push({ ordinal: change.item.ordinal, body: { ...change.item.body, id: change.item.id } });
  }
  return encode({
    kind: 'items',
    database: container.database.name,
    container: container.name,
    partition,
    lsn,
    puts,
    deletes,
  });
}

export function applyRecord(databases: DatabaseMap, bytes: Buffer): void {
  const record = JSON.parse(bytes.toString('utf8')) as LogRecord;
  if (record.kind === 'database') {
    const { name, number, createdAt } = record;
    if (!databases.has(name)) databases.set(name, { name, number, createdAt, containers: new Map() });
    return;
  }
  const database = databases.get(record.database);
  if (database === undefined) throw new Error(`the log names the unknown database ${record.database}`);
  if (record.kind === 'container') {
    const { name, number, definition, changedAt, lastLsn, lastOrdinal } = record;
    const known = database.containers.get(name);
    if (known === undefined) {
      database.containers.set(name, {
        database,
        name,
        number,
        definition,
        changedAt,
        lastLsn,
        lastOrdinal,
        visibleLsn: lastLsn,
        partitions: new Map(),
      });
    } else {
      known.definition = definition;
      known.changedAt = changedAt;
    }
    return;
  }
  const container = database.containers.get(record.container);
  if (container === undefined) throw new Error(`the log names the unknown container ${record.container}`);
  applyChanges(container, record.partition, changesOf(record), record.lsn);
}

/** Records that rebuild the present state. */
export function* snapshotRecords(databases: DatabaseMap): Generator<Uint8Array> {
  for (const database of databases.values()) {
    yield encodeDatabase(database);
    for (const container of database.containers.values()) {
      yield encodeContainer(container);
      for (const [partition, items] of container.partitions) {
        for (const some of chunks(items.values())) {
          const changes = some.map((item): ItemChange => ({ kind: 'put', item }));
          yield encodeChanges(container, partition, changes, container.visibleLsn);
        }
      }
    }
  }
}

function changesOf(record: Extract<LogRecord, { kind: 'items' }>): ItemChange[] {
  return [
    ...record.deletes.map((id): ItemChange => ({ kind: 'delete', id })),
    ...record.puts.map(
      ({ ordinal, body }): ItemChange => ({ kind: 'put', item: { id: body.id, ordinal, body } }),
    ),
  ];
}

function* chunks(items: Iterable<StoredItem>): Generator<StoredItem[]> {
  let chunk: StoredItem[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < SNAPSHOT_ITEMS) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function encode(record: LogRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record), 'utf8');
}
