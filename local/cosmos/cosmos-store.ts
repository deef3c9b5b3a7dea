import { join } from 'node:path';
import { openAppendLog } from '../core/append-log.ts';
import type { LogCrash } from '../core/log-crash.ts';
import type { Container, Database } from './container-state.ts';
import { expiredItems } from './expiry.ts';
import { CosmosFailure } from './failure.ts';
import {
  applyRecord,
  type DatabaseMap,
  encodeContainer,
  encodeDatabase,
  snapshotRecords,
} from './log-record.ts';
import { createPartitionWriter, type PartitionView, type PartitionWriter } from './partition-writer.ts';

export interface ContainerSpec {
  readonly database: string;
  readonly name: string;
  /** One path, as `/experimentId`. */
  readonly partitionKeyPath: string;
  /** Seconds; -1 lets items expire by their own `ttl` only. Absent: nothing expires. */
  readonly defaultTtlSeconds?: number;
}

export interface CosmosStore {
  readonly databases: ReadonlyMap<string, Database>;
  /** Creates what is missing and takes over a changed TTL. @throws Error when the partition key path differs. */
  ensureContainer(spec: ContainerSpec): Promise<void>;
  /** Runs an operation in its partition's order; see partition-writer.ts. */
  write<T>(container: Container, partition: string, operation: (view: PartitionView) => T): Promise<T>;
  /** Deletes what has expired, durably. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

const NAME = /^[^/\\?#]{1,255}$/;
const PATH = /^(?:\/[A-Za-z0-9_]+)+$/;

export async function openCosmosStore(options: {
  readonly dataDir: string;
  readonly now: () => number;
  readonly compactAbove?: number;
  readonly crash?: LogCrash;
}): Promise<CosmosStore> {
  const { now } = options;
  const databases: DatabaseMap = new Map();
  const log = await openAppendLog({
    directory: join(options.dataDir, 'cosmos'),
    name: 'items',
    replay: (record) => applyRecord(databases, record),
    snapshot: () => snapshotRecords(databases),
    ...(options.compactAbove === undefined ? {} : { compactAbove: options.compactAbove }),
    ...(options.crash === undefined ? {} : { crash: options.crash }),
  });
  const writers = new Map<string, PartitionWriter>();
  let provisioning: Promise<void> = Promise.resolve();
  let closing = false;

  async function record(bytes: Uint8Array): Promise<void> {
    await log.append(bytes);
    applyRecord(databases, Buffer.from(bytes));
  }

  async function ensure(spec: ContainerSpec): Promise<void> {
    const { partitionKeyPath, defaultTtlSeconds } = spec;
    checkSpec(spec);
    const seconds = Math.floor(now() / 1000);
    if (!databases.has(spec.database)) {
      await record(encodeDatabase({ name: spec.database, number: databases.size + 1, createdAt: seconds }));
    }
    const database = databases.get(spec.database);
    if (database === undefined)
      throw new Error(`the database ${spec.database} is missing after its creation`);
    const known = database.containers.get(spec.name);
    if (known !== undefined && known.definition.partitionKeyPath !== partitionKeyPath) {
      throw new Error(
        `the container ${spec.name} has the partition key ${known.definition.partitionKeyPath}`,
      );
    }
    if (known !== undefined && known.definition.defaultTtlSeconds === defaultTtlSeconds) return;
    await record(
      encodeContainer({
        database,
        name: spec.name,
        number: known?.number ?? database.containers.size + 1,
        definition: { partitionKeyPath, ...(defaultTtlSeconds === undefined ? {} : { defaultTtlSeconds }) },
        changedAt: seconds,
        lastLsn: known?.lastLsn ?? 0,
        lastOrdinal: known?.lastOrdinal ?? 0,
      }),
    );
  }

  async function write<T>(
    container: Container,
    partition: string,
    operation: (view: PartitionView) => T,
  ): Promise<T> {
    if (closing) throw new CosmosFailure(503, 'ServiceUnavailable', 'The service is shutting down.');
    const key = JSON.stringify([container.database.name, container.name, partition]);
    let writer = writers.get(key);
    if (writer === undefined) {
      const forget = () => writers.delete(key);
      writer = createPartitionWriter(container, partition, (bytes) => log.append(bytes), now, forget);
      writers.set(key, writer);
    }
    return await writer.submit(operation);
  }

  return {
    databases,
    ensureContainer(spec) {
      const done = provisioning.then(() => ensure(spec));
      provisioning = done.catch(() => undefined);
      return done;
    },
    write,
    async sweep() {
      for (const container of [...databases.values()].flatMap((database) => [
        ...database.containers.values(),
      ])) {
        for (const [partition, ids] of expiredItems(container, now())) {
          // Asked again in the partition's order: an item written anew since then is not expired.
          await write(container, partition, (view) => {
            for (const id of ids) if (view.read(id) === undefined) view.remove(id);
          });
        }
      }
    },
    async close() {
      closing = true;
      await provisioning;
      await Promise.all([...writers.values()].map((writer) => writer.settled()));
      await log.close();
    },
  };
}

function checkSpec({ database, name, partitionKeyPath, defaultTtlSeconds }: ContainerSpec): void {
  if (!NAME.test(database) || !NAME.test(name)) throw new Error('a database or container name is not valid');
  if (!PATH.test(partitionKeyPath)) throw new Error(`${partitionKeyPath} is not a partition key path`);
  const ttl = defaultTtlSeconds ?? -1;
  if (!Number.isInteger(ttl) || ttl === 0 || ttl < -1)
    throw new Error('a TTL is whole seconds from 1, or -1');
}
