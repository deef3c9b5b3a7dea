import type { ModelStore, RoundArchive, ShardStore, UpdateStore } from './blobs.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { ExperimentStore } from './experiment-store.ts';
import type { KeyRing } from './key-ring.ts';
import type { SiloMailbox } from './mailbox.ts';
import type { AuditLog, Catalog, MetricsLog, Roster, SignalBoard } from './records.ts';

/** All that the coordinator asks of the world. Made in one place (shared/azure/services.ts), passed as arguments. */
export interface Services {
  readonly experiments: ExperimentStore;
  readonly catalog: Catalog;
  readonly roster: Roster;
  readonly metrics: MetricsLog;
  readonly audit: AuditLog;
  readonly signals: SignalBoard;
  readonly models: ModelStore;
  readonly updates: UpdateStore;
  readonly archive: RoundArchive;
  readonly shards: ShardStore;
  readonly mailbox: SiloMailbox;
  readonly deadLetters: DeadLetters;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly aggregation: AggregationLimits;
}

export interface AggregationLimits {
  /** Worker threads; undefined leaves it to the number of cores. */
  readonly workers: number | undefined;
  /** How much of a model, in bytes, a crash may cost: larger models are made shard by shard. */
  readonly shardBytes: number;
}

export interface Clock {
  /** Epoch milliseconds. Only for records and links: deadlines come from the orchestration's clock. */
  now(): number;
  /** Bytes from the system's CSPRNG. */
  randomBytes(length: number): Uint8Array;
}
