/**
 * How a block lies in the memory of one thread's kernels, whose functions want every stretch at a multiple of 16:
 *
 *   rows          one per update held, `columns` slots each; a slot holds the runs of one column
 *   sums          float64, one per element (exact sums: two 64-bit limbs more)
 *   three slots   base, result, and zeros
 *   table         float64, for figures of pairs
 */
import type { Kernels } from '../kernels/kernels.ts';
import { FLSE } from '../sealing/floe.ts';
import type { Block } from './fold-task.ts';
import type { ModelLayout, Run } from './model-layout.ts';

export interface PlacedRun extends Run {
  /** Bytes from the beginning of a slot, and from the beginning of the column's sums. */
  readonly slot: number;
  readonly sum: number;
}

export interface PlacedColumn {
  readonly column: number;
  readonly runs: readonly PlacedRun[];
  /** Where the sums of this column begin. */
  readonly sums: number;
  readonly high: number;
  readonly low: number;
}

export interface BlockMemory {
  readonly columns: readonly PlacedColumn[];
  /** The address of an update's slot: its row, and the column counted from the block's first. */
  readonly slotOf: (row: number, column: number) => number;
  readonly base: number;
  readonly result: number;
  readonly zeros: number;
  readonly table: number;
}

const align = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** Places a block and makes the memory large enough. */
export function placeBlock(
  kernels: Kernels,
  layout: ModelLayout,
  block: Block,
  wanted: { rows: number; slotsPerRow: number; exact: boolean; tableLength: number },
): BlockMemory {
  let [slotBytes, sumBytes] = [0, 0];
  const placed: { column: number; runs: PlacedRun[]; sums: number }[] = [];
  for (let column = block.from; column < block.to; column++) {
    let [slot, sum] = [0, 0];
    const runs = layout.runs(column).map((run) => {
      const here = { ...run, slot, sum };
      slot += align(run.bytes);
      sum += align(run.count * 8);
      return here;
    });
    placed.push({ column, runs, sums: sumBytes });
    sumBytes += sum;
    slotBytes = Math.max(slotBytes, slot);
  }
  const base = wanted.rows * wanted.slotsPerRow * slotBytes;
  const sumsAt = base + 3 * slotBytes;
  const table = sumsAt + sumBytes * (wanted.exact ? 3 : 1);
  kernels.reserve(table + align(wanted.tableLength * 8));
  return {
    columns: placed.map(({ column, runs, sums }) => ({
      column,
      runs,
      sums: sumsAt + sums,
      high: sumsAt + sumBytes + sums,
      low: sumsAt + 2 * sumBytes + sums,
    })),
    slotOf: (row, column) => (row * wanted.slotsPerRow + column) * slotBytes,
    base,
    result: base + slotBytes,
    zeros: base + 2 * slotBytes,
    table,
  };
}

/** Whether the block's first element begins in the segment before. */
export function reachesBack(layout: ModelLayout, block: Block): boolean {
  return layout.modelRange(block.from, block.to).offset < block.from * FLSE.segmentPlaintext;
}

/** Which segments hold a block, and which bytes of a ciphertext they are. */
export function ciphertextRange(
  layout: ModelLayout,
  block: Block,
): { firstSegment: number; offset: number; bytes: number } {
  const firstSegment = reachesBack(layout, block) ? block.from - 1 : block.from;
  const offset = FLSE.headerLength + firstSegment * FLSE.segmentLength;
  const whole = FLSE.headerLength + block.to * FLSE.segmentLength;
  const end = FLSE.headerLength + layout.totalBytes + FLSE.segmentOverhead * layout.columns;
  return { firstSegment, offset, bytes: Math.min(whole, end) - offset };
}
