import type { AuditEntry, CatalogEntry, IdempotencyRecord, MetricsDocument } from '../contracts/documents.ts';
import type { Signal } from '../contracts/signal.ts';
import type { RosterEntry } from '../contracts/silo.ts';

export interface Catalog {
  /** Creates the record, or answers the one that is there. */
  claimIdempotencyKey(record: IdempotencyRecord): Promise<IdempotencyRecord>;
  putExperiment(entry: CatalogEntry): Promise<void>;
  /** Newest first. */
  listExperiments(options: {
    limit: number;
    after?: string;
  }): Promise<{ entries: CatalogEntry[]; next: string | null }>;
  /** Experiments in one of `statuses`, for the timers that look after them. */
  listByStatus(statuses: readonly string[]): Promise<CatalogEntry[]>;
}

export interface Roster {
  read(silo: string): Promise<RosterEntry | undefined>;
  list(): Promise<RosterEntry[]>;
  /** Creates, or replaces the entry whose version is one less. */
  put(entry: RosterEntry): Promise<'written' | 'conflict'>;
}

export interface MetricsLog {
  /** Exactly one per version: the first one stays. */
  record(document: MetricsDocument): Promise<'recorded' | 'exists'>;
  list(experiment: string): Promise<MetricsDocument[]>;
}

export interface AuditLog {
  /** Idempotent by the entry's id. */
  append(entry: AuditEntry): Promise<void>;
  list(experiment: string, options: { limit: number }): Promise<AuditEntry[]>;
}

export interface SignalBoard {
  post(signal: Signal, at: string): Promise<void>;
  latest(experiment: string, round: number, attempt: number): Promise<(Signal & { at: string })[]>;
}
