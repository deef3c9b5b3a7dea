/**
 * The task hub on disk: SQLite in WAL mode with synchronous=FULL; one process at a time. The functions here
 * are statements for use inside one transaction (`transact`); reads see committed state between transactions.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { lockDataDirectory } from '../core/data-lock.ts';
import { decodeEvent, decodeEvents, encodeEvent, encodeEvents, type HistoryEvent } from './events.ts';
import { type GroupCommit, openGroupCommit } from './group-commit.ts';
import type { Instance, QueuedEvent } from './instance.ts';
import { type InstanceRow, instanceColumns, toInstance, toValues } from './instance-row.ts';
import { bringUpToDate } from './schema.ts';

export interface Store extends GroupCommit {
  readonly database: Database.Database;
  get(instanceId: string): Instance | undefined;
  add(instance: Instance): void;
  /** Writes what has changed from `before` to `after`. */
  update(before: Instance, after: Instance): void;
  /** Removes the instance with all that belongs to its present generation. */
  remove(instance: Instance): void;
  history(executionId: string): HistoryEvent[];
  /** Returns how many characters it wrote. */
  appendHistory(executionId: string, events: readonly HistoryEvent[]): number;
  clearHistory(executionId: string): void;
  /** Returns the row that identifies the queued event. */
  enqueue(instanceId: string, event: HistoryEvent, executionId?: string): number;
  dequeue(row: number): void;
  clearInbox(instanceId: string): void;
  /** What a new process must take up again. */
  unfinished(): Instance[];
  inboxOf(instanceId: string): QueuedEvent[];
  close(): void;
}

/** Opens the task hub in `directory`; throws DataDirectoryInUse if another process (or engine) holds it, or what bringUpToDate throws. */
export function openStore(directory: string): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = lockDataDirectory(directory);
  const database = new Database(join(directory, 'taskhub.db'));
  database.exec('PRAGMA journal_mode=WAL');
  database.exec('PRAGMA synchronous=FULL');
  try {
    bringUpToDate(database);
  } catch (fault) {
    database.close();
    lock.release();
    throw fault;
  }

  const sql = {
    get: database.prepare('SELECT * FROM instances WHERE instanceId = ?'),
    put: database.prepare(
      `INSERT OR REPLACE INTO instances(${instanceColumns.join(', ')}) VALUES(${instanceColumns.map(() => '?').join(', ')})`,
    ),
    // What most episodes change; no index covers it.
    touch: database.prepare('UPDATE instances SET customStatus = ?, updatedAt = ? WHERE instanceId = ?'),
    remove: database.prepare('DELETE FROM instances WHERE instanceId = ?'),
    history: database.prepare('SELECT events FROM history WHERE executionId = ? ORDER BY sequence'),
    append: database.prepare(
      `INSERT INTO history(executionId, sequence, events)
       SELECT ?1, COALESCE(MAX(sequence) + 1, 0), ?2 FROM history WHERE executionId = ?1`,
    ),
    clearHistory: database.prepare('DELETE FROM history WHERE executionId = ?'),
    enqueue: database.prepare('INSERT INTO inbox(instanceId, executionId, event) VALUES(?, ?, ?)'),
    dequeue: database.prepare('DELETE FROM inbox WHERE row = ?'),
    clearInbox: database.prepare('DELETE FROM inbox WHERE instanceId = ?'),
    inbox: database.prepare('SELECT row, executionId, event FROM inbox WHERE instanceId = ? ORDER BY row'),
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
    add: (instance) => void sql.put.run(...toValues(instance)),
    update(before, after) {
      if (isTouched(before, after)) sql.touch.run(after.customStatus, after.updatedAt, after.instanceId);
      else sql.put.run(...toValues(after));
    },
    remove(instance) {
      sql.remove.run(instance.instanceId);
      sql.clearInbox.run(instance.instanceId);
      sql.clearHistory.run(instance.executionId);
    },
    history(executionId) {
      const rows = sql.history.all(executionId) as { events: string }[];
      const history = rows.flatMap(({ events }) => decodeEvents(events));
      for (const event of history) event.IsPlayed = true;
      return history;
    },
    appendHistory(executionId, events) {
      const text = encodeEvents(events);
      sql.append.run(executionId, text);
      return text.length;
    },
    clearHistory: (executionId) => void sql.clearHistory.run(executionId),
    enqueue: (instanceId, event, executionId) =>
      Number(sql.enqueue.run(instanceId, executionId ?? null, encodeEvent(event)).lastInsertRowid),
    dequeue: (row) => void sql.dequeue.run(row),
    clearInbox: (instanceId) => void sql.clearInbox.run(instanceId),
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

/** True if nothing has changed but the custom status and the time. */
const isTouched = (before: Instance, after: Instance): boolean =>
  instanceColumns.every(
    (column) => column === 'customStatus' || column === 'updatedAt' || before[column] === after[column],
  );
