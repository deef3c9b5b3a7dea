/**
 * All writes of one partition, one after another.
 *
 * 1. Operations that wait together see each other's staged changes and go to the log as one record: a transactional
 *    batch, or any number of them, is on disk whole or not at all.
 * 2. Readers see a change, and its caller gets the answer, only after the record is on disk.
 * 3. Refusals wait too: a 409 against a staged item must not be told if that item never reaches the disk.
 * 4. When the record cannot be written, every operation of the group fails and nothing of it is ever seen.
 */

import { applyChanges, type Container, type ItemChange, type StoredItem } from './container-state.ts';
import { expiresAt } from './expiry.ts';
import { CosmosFailure, tooLarge } from './failure.ts';
import { encodeChanges } from './log-record.ts';
import type { JsonObject } from './sql/values.ts';
import { stampItem } from './stamp-item.ts';

/** The partition as the next operation finds it. */
export interface PartitionView {
  /** The item, unless it is absent or has expired. */
  read(id: string): StoredItem | undefined;
  /** Stages the item with fresh system properties. @throws CosmosFailure 413 */
  put(id: string, content: JsonObject, previous: StoredItem | undefined): StoredItem;
  remove(id: string): void;
}

export interface PartitionWriter {
  /** Runs `operation`; what it staged is dropped when it throws. Resolves or rejects after the log has answered. */
  submit<T>(operation: (view: PartitionView) => T): Promise<T>;
  /** Resolves when nothing waits and nothing is under way. */
  settled(): Promise<void>;
}

interface Waiting {
  /** Gives what to do once the log has answered. */
  readonly run: (staged: StagedChanges) => () => void;
  readonly reject: (error: unknown) => void;
}

const MAX_GROUP = 128;
const MAX_GROUP_BYTES = 8 * 1024 * 1024;
/** What one batch may write; far above what a request can carry, but patches of large items add up. */
const MAX_OPERATION_BYTES = 64 * 1024 * 1024;

export function createPartitionWriter(
  container: Container,
  partition: string,
  append: (record: Uint8Array) => Promise<void>,
  now: () => number,
  onIdle: () => void,
): PartitionWriter {
  const waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  async function drain(): Promise<void> {
    // Lets the requests that arrived in the same turn join the group.
    await Promise.resolve();
    while (waiting.length > 0) await runGroup();
    running = undefined;
    onIdle();
  }

  async function runGroup(): Promise<void> {
    const staged: StagedChanges = { changes: new Map(), bytes: 0 };
    const group: { entry: Waiting; settle: () => void }[] = [];
    while (group.length < MAX_GROUP && staged.bytes < MAX_GROUP_BYTES) {
      const entry = waiting.shift();
      if (entry === undefined) break;
      group.push({ entry, settle: entry.run(staged) });
    }
    if (staged.changes.size > 0) {
      const lsn = container.lastLsn;
      const changes = [...staged.changes.values()];
      try {
        await append(encodeChanges(container, partition, changes, lsn));
      } catch {
        const failure = new CosmosFailure(
          503,
          'ServiceUnavailable',
          'The write could not be made durable; try again.',
        );
        for (const { entry } of group) entry.reject(failure);
        return;
      }
      applyChanges(container, partition, changes, lsn);
    }
    for (const { settle } of group) settle();
  }

  return {
    submit(operation) {
      return new Promise((resolve, reject) => {
        waiting.push({
          reject,
          run(staged) {
            const mine: StagedChanges = { changes: new Map(staged.changes), bytes: 0 };
            try {
              const result = operation(viewOf(container, partition, mine, now()));
              staged.changes = mine.changes;
              staged.bytes += mine.bytes;
              return () => resolve(result);
            } catch (error) {
              return () => reject(error);
            }
          },
        });
        running ??= drain();
      });
    },
    async settled() {
      while (running !== undefined) await running;
    },
  };
}

interface StagedChanges {
  changes: Map<string, ItemChange>;
  bytes: number;
}

function viewOf(container: Container, partition: string, staged: StagedChanges, now: number): PartitionView {
  return {
    read(id) {
      const change = staged.changes.get(id);
      const item = change === undefined ? container.partitions.get(partition)?.get(id) : itemOf(change);
      return item !== undefined && expiresAt(container.definition, item) > now ? item : undefined;
    },
    put(id, content, previous) {
      const { item, bytes } = stampItem(container, content, id, previous, now);
      staged.changes.set(id, { kind: 'put', item });
      staged.bytes += bytes;
      if (staged.bytes > MAX_OPERATION_BYTES) throw tooLarge('What the batch writes');
      return item;
    },
    remove(id) {
      container.lastLsn += 1;
      staged.changes.set(id, { kind: 'delete', id });
    },
  };
}

function itemOf(change: ItemChange): StoredItem | undefined {
  return change.kind === 'put' ? change.item : undefined;
}
