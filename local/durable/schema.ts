import type Database from 'libsql';

/** What leads from each version of the task hub's tables to the next; a hub is brought up to date when it is opened. */
const steps: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS instances(
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
   CREATE INDEX IF NOT EXISTS inboxByInstance ON inbox(instanceId, row);`,
  // A row of the history holds the events of one episode; open tasks are read from it.
  `ALTER TABLE history RENAME COLUMN event TO events;
   UPDATE history SET events = '[' || events || ']';
   DROP TABLE IF EXISTS pending;`,
];

/** Throws when the hub was made by a later version of this program. */
export function bringUpToDate(database: Database.Database): void {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > steps.length) {
    throw new Error(`the task hub has format ${found}, and this version knows formats up to ${steps.length}`);
  }
  for (const [version, step] of steps.entries()) {
    if (version < found) continue;
    database.exec(`BEGIN; ${step} PRAGMA user_version = ${version + 1}; COMMIT;`);
  }
}
