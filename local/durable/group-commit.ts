import type Database from 'libsql';

/** Runs work in transactions: everything asked for within one turn of the event loop shares one commit (one fsync). */
export interface GroupCommit {
  /**
   * Resolves with what `work` returned once its transaction is on disk. If any work of the group throws, the whole
   * group is rolled back and rejects: work reports expected refusals as values and throws only on faults.
   */
  transact<T>(work: () => T): Promise<T>;
  /** Runs what is queued at once. */
  flush(): void;
}

export function openGroupCommit(database: Database.Database): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  let queue: { run: () => void; done: () => void; failed: (reason: unknown) => void }[] = [];
  let scheduled: NodeJS.Immediate | undefined;

  function flush(): void {
    clearImmediate(scheduled);
    scheduled = undefined;
    const group = queue;
    queue = [];
    if (group.length === 0) return;
    try {
      begin.run();
      try {
        for (const entry of group) entry.run();
        commit.run();
      } catch (fault) {
        rollback.run();
        throw fault;
      }
    } catch (fault) {
      for (const entry of group) entry.failed(fault);
      return;
    }
    for (const entry of group) entry.done();
  }

  return {
    transact<T>(work: () => T) {
      return new Promise<T>((resolve, reject) => {
        let result: T;
        queue.push({
          run: () => {
            result = work();
          },
          done: () => resolve(result),
          failed: (reason) => reject(reason instanceof Error ? reason : new Error(String(reason))),
        });
        scheduled ??= setImmediate(flush);
      });
    },
    flush,
  };
}
