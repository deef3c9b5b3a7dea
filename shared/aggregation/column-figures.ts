/**
 * Figures across the coordinates of one column. They are added up per column, in the columns' order, so they do not
 * depend on blocks, shards or workers.
 */
import type { FloatDtype, Kernels } from '../kernels/kernels.ts';
import type { BlockMemory, PlacedColumn, PlacedRun } from './block-memory.ts';
import type { Task } from './fold-task.ts';

type Measure = Extract<Task, { kind: 'measure' }>;

/** The float runs that strategies see. */
export function modelRuns(column: PlacedColumn): (PlacedRun & { dtype: FloatDtype })[] {
  return column.runs.filter(isModelRun);
}
function isModelRun(run: PlacedRun): run is PlacedRun & { dtype: FloatDtype } {
  return run.role === 'model';
}

/** Measures one column whose rows all lie in the memory, as {@link Measure} says, into `figures`. */
export function measureColumn(
  kernels: Kernels,
  task: Measure,
  memory: BlockMemory,
  column: PlacedColumn,
  slots: readonly number[],
  figures: Float64Array,
): void {
  const runs = modelRuns(column);
  if (task.wanted === 'products') {
    const trusted = Number(slots[task.trusted]);
    for (const run of runs) {
      for (const [i, slot] of slots.entries()) {
        const product = kernels.product(run.dtype, slot + run.slot, trusted + run.slot, run.count);
        figures[i] = Number(figures[i]) + product;
      }
    }
    for (const [i, scale] of task.scales.entries()) figures[i] = Number(figures[i]) * scale;
    return;
  }
  const pairs = slots.length ** 2;
  const table = (): Float64Array => new Float64Array(kernels.bytes().buffer, memory.table, pairs);
  table().fill(0);
  for (const run of runs) {
    const rows = slots.map((slot) => slot + run.slot);
    kernels.squaredDistances(run.dtype, rows, run.count, task.scales, memory.table);
  }
  figures.set(table());
}

/**
 * How each update lies to the step of one run: K products and the step's sum of squares, added to `figures`.
 * The step is rounded to the run's dtype first; it is evidence, not part of the result.
 */
export function compareWithStep(
  kernels: Kernels,
  run: PlacedRun & { dtype: FloatDtype },
  at: { step: number; zeros: number; rounded: number },
  slots: readonly number[],
  figures: Float64Array,
): void {
  const updates = slots.length;
  kernels.addStep(run.dtype, at.zeros, at.step, run.count, at.rounded);
  for (const [i, slot] of slots.entries()) {
    // Left out unread: there is nothing to compare.
    if (slot < 0) continue;
    const row = slot + run.slot;
    figures[i] = Number(figures[i]) + kernels.product(run.dtype, row, at.rounded, run.count);
  }
  const { squares } = kernels.checkedSquares(run.dtype, at.rounded, run.count);
  figures[updates] = Number(figures[updates]) + squares;
}
