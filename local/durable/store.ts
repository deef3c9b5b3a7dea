/**
 * The task hub on disk: SQLite in WAL mode with synchronous=FULL; one process at a time. The functions here
 * are statements for use inside one transaction (`transact`); reads see committed state between transactions.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { lockDataDirectory } from '../core/data-lock.ts';
import { decodeEvent, encodeEvent, type HistoryEvent } from './events.ts';
import { type GroupCommit, openGroupCommit } from './group-commit.ts';
import type { Instance, PendingTask, QueuedEvent } from './instance.ts';
import { type InstanceRow, instanceColumns, toInstance, toValues } from './instance-row.ts';
import { decodePending, encodeDecision, type PendingRow } from './pending-row.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS instances(
    instanceId TEXT PRIMARY KEY, executionId TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, input TEXT,
    output TEXT, customStatus TEXT, status TEXT NOT NULL, createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL,
    parent TEXT) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS instancesByTime ON instances(createdAt, instanceId);
  CREATE INDEX IF NOT EXISTS instancesByStatus ON instances(status, createdAt, instanceId);
  CREATE TABLE IF NOT EXISTS history(
    executionId TEXT NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY(executionId, sequence)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS inbox(
    row INTEGER PRIMARY KEY AUTOINCREMENT, instanceId TEXT NOT NULL, executionId TEXT, event TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS inboxByInstance ON inbox(instanceId, row);
  CREATE TABLE IF NOT EXISTS pending(
    executionId TEXT NOT NULL, taskId INTEGER NOT NULL, instanceId TEXT NOT NULL, decision TEXT NOT NULL,
    PRIMARY KEY(executionId, taskId)) WITHOUT ROWID;`;

export interface Store extends GroupCommit {
  readonly database: Database.Database;
  get(instanceId: string): Instance | undefined;
  put(instance: Instance): void;
  /** Removes the instance with all that belongs to its present generation. */
  remove(instance: Instance): void;
  history(executionId: string): HistoryEvent[];
  appendHistory(executionId: string, from: number, events: readonly HistoryEvent[]): void;
  clearHistory(executionId: string): void;
  /** Returns the row that identifies the queued event. */
  enqueue(instanceId: string, event: HistoryEvent, executionId?: string): number;
  dequeue(row: number): void;
  clearInbox(instanceId: string): void;
  addPending(task: PendingTask): void;
  removePending(executionId: string, taskId: number): void;
  clearPending(executionId: string): void;
  pendingOf(executionId: string): PendingTask[];
  /** What a new process must take up again: unfinished instances, their queued events and their open tasks. */
  unfinished(): Instance[];
  inboxOf(instanceId: string): QueuedEvent[];
  close(): void;
}

/** Opens the task hub in `directory`; throws DataDirectoryInUse if another process (or engine) holds it. */
export function openStore(directory: string): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = lockDataDirectory(directory);
  const database = new Database(join(directory, 'taskhub.db'));
  for (const statement of ['PRAGMA journal_mode=WAL', 'PRAGMA synchronous=FULL', schema])
    database.exec(statement);

  const sql = {
    get: database.prepare('SELECT * FROM instances WHERE instanceId = ?'),
    put: database.prepare(
      `INSERT OR REPLACE INTO instances(${instanceColumns.join(', ')}) VALUES(${instanceColumns.map(() => '?').join(', ')})`,
    ),
    remove: database.prepare('DELETE FROM instances WHERE instanceId = ?'),
    history: database.prepare('SELECT event FROM history WHERE executionId = ? ORDER BY sequence'),
    append: database.prepare('INSERT INTO history(executionId, sequence, event) VALUES(?, ?, ?)'),
    clearHistory: database.prepare('DELETE FROM history WHERE executionId = ?'),
    enqueue: database.prepare('INSERT INTO inbox(instanceId, executionId, event) VALUES(?, ?, ?)'),
    dequeue: database.prepare('DELETE FROM inbox WHERE row = ?'),
    clearInbox: database.prepare('DELETE FROM inbox WHERE instanceId = ?'),
    inbox: database.prepare('SELECT row, executionId, event FROM inbox WHERE instanceId = ? ORDER BY row'),
    addPending: database.prepare(
      'INSERT INTO pending(executionId, taskId, instanceId, decision) VALUES(?, ?, ?, ?)',
    ),
    removePending: database.prepare('DELETE FROM pending WHERE executionId = ? AND taskId = ?'),
    clearPending: database.prepare('DELETE FROM pending WHERE executionId = ?'),
    pending: database.prepare('SELECT * FROM pending WHERE executionId = ? ORDER BY taskId'),
    unfinished: database.prepare(
      "SELECT * FROM instances WHERE status IN ('Pending', 'Running', 'Suspended') ORDER BY createdAt, instanceId",
    ),
  };

  return {
    ...openGroupCommit(database),
    database,
    get(instanceId) {
      const row = sql.get.get(instanceId) as InstanceRow | undefined;
      return row && toInstance(row);
    },
    put: (instance) => void sql.put.run(...toValues(instance)),
    remove(instance) {
      sql.remove.run(instance.instanceId);
      sql.clearInbox.run(instance.instanceId);
      sql.clearHistory.run(instance.executionId);
      sql.clearPending.run(instance.executionId);
    },
    history: (executionId) =>
      (sql.history.all(executionId) as { event: string }[]).map((row) => {
        const event = decodeEvent(row.event);
        event.IsPlayed = true;
        return event;
      }),
    appendHistory(executionId, from, events) {
      events.forEach((event, index) => void sql.append.run(executionId, from + index, encodeEvent(event)));
    },
    clearHistory: (executionId) => void sql.clearHistory.run(executionId),
    enqueue: (instanceId, event, executionId) =>
      Number(sql.enqueue.run(instanceId, executionId ?? null, encodeEvent(event)).lastInsertRowid),
    dequeue: (row) => void sql.dequeue.run(row),
    clearInbox: (instanceId) => void sql.clearInbox.run(instanceId),
    addPending: (task) =>
      void sql.addPending.run(
        task.executionId,
        task.decision.id,
        task.instanceId,
        encodeDecision(task.decision),
      ),
    removePending: (executionId, taskId) => void sql.removePending.run(executionId, taskId),
    clearPending: (executionId) => void sql.clearPending.run(executionId),
    pendingOf: (executionId) => (sql.pending.all(executionId) as PendingRow[]).map(decodePending),
    unfinished: () => (sql.unfinished.all() as InstanceRow[]).map(toInstance),
    inboxOf: (instanceId) =>
      (sql.inbox.all(instanceId) as { row: number; executionId: string | null; event: string }[]).map(
        ({ row, executionId, event }) => ({
          row,
          event: decodeEvent(event),
          ...(executionId === null ? {} : { executionId }),
        }),
      ),
    close() {
      database.close();
      lock.release();
    },
  };
}
