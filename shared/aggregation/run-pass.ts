/**
 * One pass over the sealed updates: reads ciphertext block by block, has lanes fold it, and hands what comes out on in
 * the blocks' order.
 *
 * 1. A lane works on one block at a time and is given updates in canonical order; which lane takes which block is
 *    left to chance and decides nothing.
 * 2. Bounded: per lane a few groups of updates are read ahead, and no block is begun that is more than a few ahead of
 *    the one that is to be written next. The block that is to be written next has always been begun.
 * 3. The first fault ends the pass; it is thrown once everything that was under way has ended.
 */

import type { ReadInto } from '../ports/blobs.ts';
import { GROUP } from './block-folder.ts';
import { type Block, type Partials, type Task, updatesRead } from './fold-task.ts';
import type { BlockBuffers, Lane, ModuleReference, SharedBytes } from './lane.ts';
import { type Permits, permits } from './permits.ts';
import type { SpareBytes } from './spare-bytes.ts';
import type { UpdateLayout } from './update-layout.ts';

/** Groups of updates that a lane is given before the first one's answer is waited for. */
const GROUPS_AHEAD = 2;

/** What a block came to. */
export interface FoldedBlock {
  readonly buffers: BlockBuffers;
  readonly partials: Partials;
}

export interface Pass {
  readonly lanes: readonly Lane[];
  readonly sent: UpdateLayout;
  readonly task: Task;
  readonly module?: ModuleReference | undefined;
  /** Ciphertexts, in canonical order. */
  readonly updates: readonly ReadInto[];
  /** The columns to work through, and how many make a block. */
  readonly columns: Block;
  readonly blockColumns: number;
  readonly spare: SpareBytes;
  /** What `finish` needs of a block besides the updates. */
  readonly buffersOf: (block: Block, take: (bytes: number) => SharedBytes) => Promise<BlockBuffers>;
  /** Takes what came of each block, one after the other, in order. Its buffers are used again afterwards. */
  readonly deliver: (block: Block, folded: FoldedBlock) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export async function runPass(pass: Pass): Promise<void> {
  const { lanes, sent, task, module, updates, columns, blockColumns, spare, signal } = pass;
  await Promise.all(lanes.map((lane) => lane.begin(task, module)));

  const read = updatesRead(task, updates.length);
  const groups = Array.from({ length: Math.ceil(read.length / GROUP) }, (_, i) =>
    read.slice(i * GROUP, (i + 1) * GROUP),
  );
  const window = permits(lanes.length + 2);
  const ahead = lanes.map(() => permits(GROUPS_AHEAD));
  const underWay = new Set<Promise<void>>();
  const finished = new Map<number, FoldedBlock>();
  let failure: { readonly error: unknown } | undefined;
  let [claimed, written] = [columns.from, columns.from];
  let delivering = false;

  const fail = (error: unknown): void => {
    failure ??= { error };
    for (const gate of [window, ...ahead]) gate.fail(error);
  };
  /** Runs `work` beside the rest; whatever it throws ends the pass. */
  const beside = (work: Promise<void>): void => {
    const watched: Promise<void> = work.catch(fail).finally(() => underWay.delete(watched));
    underWay.add(watched);
  };
  const blockAt = (from: number): Block => ({ from, to: Math.min(from + blockColumns, columns.to) });

  const deliverReady = async (): Promise<void> => {
    if (delivering) return;
    delivering = true;
    for (let folded = finished.get(written); folded !== undefined; folded = finished.get(written)) {
      finished.delete(written);
      const block = blockAt(written);
      await pass.deliver(block, folded);
      for (const bytes of Object.values(folded.buffers)) spare.give(bytes);
      written = block.to;
      window.give();
    }
    delivering = false;
  };

  const drive = async (lane: Lane, turns: Permits): Promise<void> => {
    let posted: Promise<void> = Promise.resolve();
    /** Posts to the lane once `ready` is there and everything before has been posted. */
    const post = <T>(ready: Promise<T>, send: (value: T) => Promise<void>): void => {
      ready.catch(() => undefined);
      const previous = posted;
      posted = previous.then(async () => {
        const value = await ready;
        beside(send(value));
      });
      beside(posted);
    };
    for (;;) {
      await window.take();
      signal?.throwIfAborted();
      const block = blockAt(claimed);
      if (block.from >= columns.to) return;
      claimed = block.to;
      const range = sent.ciphertextRange(block);
      for (const group of groups) {
        await turns.take();
        const buffers = group.map(() => spare.take(range.bytes));
        const reads = group.map((update, i) => readCiphertext(updates, update, range.offset, buffers[i]));
        post(Promise.all(reads), async () => {
          await lane.add(block, group, buffers);
          for (const bytes of buffers) spare.give(bytes);
          turns.give();
        });
      }
      post(pass.buffersOf(block, spare.take), async (buffers) => {
        finished.set(block.from, { buffers, partials: await lane.finish(block, buffers) });
        await deliverReady();
      });
    }
  };

  for (const [i, lane] of lanes.entries()) {
    const turns = ahead[i];
    if (turns !== undefined) beside(drive(lane, turns));
  }
  while (underWay.size > 0) await Promise.all(underWay);
  if (failure !== undefined) throw failure.error;
}

async function readCiphertext(
  updates: readonly ReadInto[],
  update: number,
  offset: number,
  target: SharedBytes | undefined,
): Promise<void> {
  if (target !== undefined) await updates[update]?.(offset, target);
}
