import type Database from 'libsql';
import { hasEnded, type Instance, type RuntimeStatus } from './instance.ts';
import { type InstanceRow, toInstance } from './instance-row.ts';

export interface InstanceFilter {
  /** Epoch milliseconds, both inclusive. */
  readonly createdFrom?: number;
  readonly createdTo?: number;
  readonly statuses?: readonly string[];
  readonly instanceIdPrefix?: string;
}

export interface InstancePage {
  readonly instances: readonly Instance[];
  /** Opaque; undefined on the last page. */
  readonly continuation: string | undefined;
}

interface Position {
  readonly createdAt: number;
  readonly instanceId: string;
}

const encode = (last: Instance): string =>
  Buffer.from(JSON.stringify([last.createdAt, last.instanceId])).toString('base64url');

/** undefined for text that is no continuation token of ours. */
export function decodeContinuation(token: string): Position | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (!Array.isArray(parsed)) return undefined;
    const [createdAt, instanceId] = parsed as unknown[];
    return typeof createdAt === 'number' && typeof instanceId === 'string'
      ? { createdAt, instanceId }
      : undefined;
  } catch {
    return undefined;
  }
}

function conditions(filter: InstanceFilter): { clauses: string[]; values: (string | number)[] } {
  const clauses: string[] = [];
  const values: (string | number)[] = [];
  const add = (clause: string, ...bound: (string | number)[]): void => {
    clauses.push(clause);
    values.push(...bound);
  };
  if (filter.createdFrom !== undefined) add('createdAt >= ?', filter.createdFrom);
  if (filter.createdTo !== undefined) add('createdAt <= ?', filter.createdTo);
  if (filter.statuses && filter.statuses.length > 0) {
    add(`status IN (${filter.statuses.map(() => '?').join(', ')})`, ...filter.statuses);
  }
  if (filter.instanceIdPrefix) {
    add('substr(instanceId, 1, ?) = ?', filter.instanceIdPrefix.length, filter.instanceIdPrefix);
  }
  return { clauses, values };
}

/** Instances by creation time, then id; at most `top`, after `after`. */
export function listInstances(
  database: Database.Database,
  filter: InstanceFilter,
  top: number,
  after?: Position,
): InstancePage {
  const { clauses, values } = conditions(filter);
  if (after) {
    clauses.push('(createdAt > ? OR (createdAt = ? AND instanceId > ?))');
    values.push(after.createdAt, after.createdAt, after.instanceId);
  }
  const where = clauses.length > 0 ? `WHERE ${clauses.join(' AND ')}` : '';
  const rows = database
    .prepare(`SELECT * FROM instances ${where} ORDER BY createdAt, instanceId LIMIT ?`)
    .all(...values, top + 1) as InstanceRow[];
  const instances = rows.slice(0, top).map(toInstance);
  const last = instances.at(-1);
  return { instances, continuation: rows.length > top && last ? encode(last) : undefined };
}

/** Ended instances that match: the only ones that a purge removes. */
export const endedInstances = (database: Database.Database, filter: InstanceFilter): readonly Instance[] =>
  listInstances(database, filter, 1_000_000).instances.filter(({ status }) =>
    hasEnded(status satisfies RuntimeStatus),
  );
