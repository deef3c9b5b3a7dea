/**
 * One thread's part of a pass: opens the segments of a block, update by update, and combines them when the block is
 * whole. The same code runs in worker threads and, for small models, in the caller's own.
 *
 * 1. A block is begun by its first `add`, which takes updates in canonical order, and ended by `finish`.
 * 2. Means are added to while an update is in the processor's cache. Where nothing else looks at the updates, memory
 *    holds four of them; else all of a block.
 * 3. Nothing of an update enters a sum before its segment has verified. A fault leaves the folder unusable.
 */
import type { Kernels } from '../kernels/kernels.ts';
import { FLSE, type FloeOpener, FloeRefused, startOpening } from '../sealing/floe.ts';
import { type BlockMemory, placeBlock } from './block-memory.ts';
import { measureColumn } from './column-figures.ts';
import type { FoldColumns } from './combine-run.ts';
import { type ColumnFold, columnFold } from './fold-column.ts';
import {
  type Block,
  FoldRefused,
  holdsAllUpdates,
  type Opening,
  type Partials,
  partialWidth,
  type Task,
  updatesRead,
} from './fold-task.ts';
import type { BlockBuffers } from './lane.ts';
import type { ModelLayout } from './model-layout.ts';
import type { UpdateLayout } from './update-layout.ts';

export interface BlockFolder {
  begin(task: Task, foldColumns?: FoldColumns): void;
  /** Takes the ciphertext of the block's segments for some updates. */
  add(block: Block, updates: readonly number[], ciphertexts: readonly Uint8Array[]): void;
  /** Ends a block; with a fold, `buffers` holds the base's and the state's bytes and takes the new ones. */
  finish(block: Block, buffers: BlockBuffers): Partials;
  /** Forgets all keys. */
  wipe(): void;
}

/** How many updates are folded in one pass over the sums. */
export const GROUP = 4;

/** Throws {@link FoldRefused} `header-tag` where a key, a manifest and a ciphertext do not belong together. */
export function blockFolder(options: {
  kernels: Kernels;
  layout: ModelLayout;
  sent: UpdateLayout;
  openings: readonly Opening[];
}): BlockFolder {
  const { kernels, layout, sent, openings } = options;
  const openers = openings.map(openUpdate);
  const openerOf = (update: number): FloeOpener => {
    const opener = openers[update];
    if (opener === undefined) throw new RangeError(`There is no update ${update}.`);
    return opener;
  };
  let task: Task | undefined;
  let foldColumns: FoldColumns | undefined;
  let begun: Begun | undefined;

  const beginBlock = (block: Block): Begun => {
    if (task === undefined) throw new Error('no task was begun');
    const read = updatesRead(task, openings.length);
    const held = holdsAllUpdates(task);
    const columns = block.to - block.from;
    const memory = placeBlock(kernels, layout, block, {
      rows: held ? read.length : GROUP,
      slotsPerRow: held ? columns : 1,
      exact: task.kind === 'fold' && task.plan.sumMode === 'exact-fixed/1',
      tableLength: task.kind === 'measure' ? openings.length ** 2 : 0,
    });
    const rows = new Map(read.map((update, row) => [update, row]));
    const slotsOf = (column: number): number[] =>
      openings.map((_, update) => {
        const row = rows.get(update);
        return row === undefined ? -1 : memory.slotOf(row, column);
      });
    const fold = task.kind === 'fold' ? columnFold(kernels, { ...task, memory, foldColumns }) : undefined;
    for (const column of memory.columns) fold?.clear(column);
    return { block, memory, held, rows, slotsOf, fold };
  };

  return {
    begin(next, module) {
      [task, foldColumns, begun] = [next, module, undefined];
    },
    add(block, updates, ciphertexts) {
      begun = begun?.block.from === block.from ? begun : beginBlock(block);
      const { memory, held, rows, fold } = begun;
      const readers = updates.map((update, i) =>
        sent.reader({
          block,
          opener: openerOf(update),
          update,
          ciphertext: ciphertexts[i] ?? new Uint8Array(0),
        }),
      );
      for (const [at, column] of memory.columns.entries()) {
        const slots = updates.map((update, i) =>
          held ? memory.slotOf(rows.get(update) ?? 0, at) : memory.slotOf(i, 0),
        );
        for (const [i, read] of readers.entries()) read(column, kernels.bytes(), slots[i] ?? 0);
        fold?.add(column, updates, slots);
      }
    },
    finish(block, buffers) {
      if (task === undefined) throw new Error('no task was begun');
      const whole = begun?.block.from === block.from ? begun : beginBlock(block);
      begun = undefined;
      const width = partialWidth(task, openings.length);
      const partials = new Float64Array(width * (block.to - block.from));
      const state = { m: floats(buffers.m), v: floats(buffers.v) };
      const start = layout.modelRange(block.from, block.to).offset;
      let stateAt = 0;
      for (const [at, column] of whole.memory.columns.entries()) {
        const figures = partials.subarray(at * width, (at + 1) * width);
        const slots = whole.slotsOf(at);
        if (task.kind === 'measure') {
          measureColumn(kernels, task, whole.memory, column, slots, figures);
        } else {
          whole.fold?.combine(column, slots, figures);
          stateAt += whole.fold?.finish(column, buffers.model, start, state, stateAt) ?? 0;
        }
      }
      return partials;
    },
    wipe() {
      for (const opener of openers) opener.wipe();
    },
  };
}

interface Begun {
  readonly block: Block;
  readonly memory: BlockMemory;
  readonly held: boolean;
  readonly rows: ReadonlyMap<number, number>;
  readonly slotsOf: (column: number) => number[];
  readonly fold: ColumnFold | undefined;
}

function openUpdate({ key, context, header }: Opening, update: number): FloeOpener {
  try {
    return startOpening({ key, associatedData: context, header, parameters: FLSE });
  } catch (error) {
    if (error instanceof FloeRefused) throw new FoldRefused(error.slug, error.message, update);
    throw error;
  }
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
