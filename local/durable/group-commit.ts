import type Database from 'libsql';

/** Runs work in transactions: everything asked for within one turn of the event loop shares one commit (one fsync). */
export interface GroupCommit {
  /**
   * Resolves with what `work` returned once its transaction is on disk; rejects, without a trace of the work, when it
   * threw or could not be written. Work may be run twice (its group is rolled back when another of it fails), so it
   * changes nothing but the database.
   */
  transact<T>(work: () => T): Promise<T>;
  /** Runs what is queued at once. */
  flush(): void;
}

interface Entry {
  readonly run: () => void;
  readonly done: () => void;
  readonly failed: (reason: unknown) => void;
}

export function openGroupCommit(database: Database.Database): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  let queue: Entry[] = [];
  let scheduled: NodeJS.Immediate | undefined;

  /** The fault that kept the group from being committed, or undefined when it is on disk. */
  function attempt(group: readonly Entry[]): { readonly fault: unknown } | undefined {
    try {
      begin.run();
      try {
        for (const entry of group) entry.run();
        commit.run();
      } catch (fault) {
        rollback.run();
        throw fault;
      }
      return undefined;
    } catch (fault) {
      return { fault };
    }
  }

  function settle(group: readonly Entry[]): void {
    const failure = attempt(group);
    if (failure === undefined) {
      for (const entry of group) entry.done();
    } else if (group.length === 1) {
      group[0]?.failed(failure.fault);
    } else {
      // One of them is to blame; the others must not suffer for it.
      for (const entry of group) settle([entry]);
    }
  }

  function flush(): void {
    clearImmediate(scheduled);
    scheduled = undefined;
    const group = queue;
    queue = [];
    if (group.length > 0) settle(group);
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
