import type { Combination, FoldPlan } from '../domain/strategies/fold-plan.ts';
import type { FloatDtype, Kernels } from '../kernels/kernels.ts';
import type { BlockMemory, PlacedColumn, PlacedRun } from './block-memory.ts';
import { compareWithStep } from './column-figures.ts';
import { clearSums, combineRun, divideSums, type FoldColumns } from './combine-run.ts';
import { FoldRefused } from './fold-task.ts';
import { type IntegerMean, integerMean } from './integer-mean.ts';
import { applyServerStep } from './server-step.ts';
import { addExactly, addWeighted } from './weighted-sum.ts';

type Mean = Combination & { readonly kind: 'mean' };
type FloatRun = PlacedRun & { readonly dtype: FloatDtype };

export interface ColumnFold {
  /** Makes a column's sums zero. */
  clear(column: PlacedColumn): void;
  /** Adds the rows of some updates, which lie at `slots`, to every mean. Best while they are in the processor's cache. */
  add(column: PlacedColumn, updates: readonly number[], slots: readonly number[]): void;
  /**
   * Makes the step of sums, or of all rows at once; `slots` is by update, -1 where an update was not read. Without
   * evidence and with a mean, no row is looked at.
   */
  combine(column: PlacedColumn, slots: readonly number[], figures: Float64Array): void;
  /**
   * Applies what was combined to the base's bytes in `model`, which begin at byte `start` of the file, and to state.
   * Answers how many elements of state were used. Throws {@link FoldRefused} `not-finite`.
   */
  finish(
    column: PlacedColumn,
    model: Uint8Array,
    start: number,
    state: { m: Float32Array; v: Float32Array },
    stateAt: number,
  ): number;
}

/** Carries one plan out, column by column, in the memory of a placed block. */
export function columnFold(
  kernels: Kernels,
  {
    plan,
    evidence,
    memory,
    foldColumns,
  }: {
    plan: FoldPlan;
    evidence: boolean;
    memory: BlockMemory;
    foldColumns: FoldColumns | undefined;
  },
): ColumnFold {
  const { sumMode, combination, integers, server } = plan;
  const control = plan.control ?? integers;
  // As long as a slot, the longest run; nothing writes there.
  if (evidence) kernels.bytes().fill(0, memory.zeros, memory.zeros + (memory.zeros - memory.result));
  const whole = new Map<PlacedRun, IntegerMean>();
  const integerSums = (run: PlacedRun): IntegerMean => {
    const sums = whole.get(run) ?? integerMean(run, sumMode);
    whole.set(run, sums);
    return sums;
  };
  const placesOf = (column: PlacedColumn, run: PlacedRun) => ({
    count: run.count,
    sums: column.sums + run.sum,
    high: column.high + run.sum,
    low: column.low + run.sum,
  });
  /** The mean that a run takes part in; undefined where all rows are combined at once. */
  const meanOf = (run: PlacedRun): Mean | undefined => {
    if (run.role === 'integer') return integers;
    if (run.role === 'control') return control;
    return combination.kind === 'mean' ? combination : undefined;
  };
  const addInteger = (run: PlacedRun, slot: number, coefficient: number): void => {
    if (coefficient === 0) return;
    const row = kernels.bytes().subarray(slot + run.slot, slot + run.slot + run.bytes);
    integerSums(run).add(row, coefficient);
  };

  return {
    clear(column) {
      for (const run of column.runs) {
        if (isFloatRun(run)) clearSums(kernels, placesOf(column, run), sumMode);
      }
    },
    add(column, updates, slots) {
      for (const run of column.runs) {
        const mean = meanOf(run);
        if (mean === undefined) continue;
        const coefficients = updates.map((update) => Number(mean.coefficients[update]));
        if (!isFloatRun(run)) {
          for (const [i, slot] of slots.entries()) addInteger(run, slot, Number(coefficients[i]));
          continue;
        }
        const addresses = slots.map((slot) => slot + run.slot);
        const rows = { dtype: run.dtype, count: run.count, addresses, coefficients };
        const { sums, high, low } = placesOf(column, run);
        if (sumMode === 'exact-fixed/1') addExactly(kernels, high, low, rows);
        else addWeighted(kernels, sums, rows);
      }
    },
    combine(column, slots, figures) {
      for (const run of column.runs) {
        if (!isFloatRun(run)) continue;
        const places = placesOf(column, run);
        const mean = meanOf(run);
        if (mean !== undefined) divideSums(kernels, places, sumMode, mean.divisor);
        else if (combination.kind !== 'mean') {
          const rows = slots.map((slot) => slot + run.slot);
          combineRun(kernels, combination, { dtype: run.dtype, rows, ...places }, foldColumns);
        }
        if (!evidence || run.role !== 'model') continue;
        const at = { step: places.sums, zeros: memory.zeros, rounded: memory.result };
        compareWithStep(kernels, run, at, slots, figures);
      }
    },
    finish(column, model, start, { m, v }, stateAt) {
      let used = 0;
      for (const run of column.runs) {
        const place = model.subarray(run.offset - start, run.offset - start + run.bytes);
        if (!isFloatRun(run)) {
          place.set(integerSums(run).finish(place, integers.divisor));
          whole.delete(run);
          continue;
        }
        const places = placesOf(column, run);
        let fits = true;
        if (run.role === 'model') {
          const from = stateAt + used;
          const step = new Float64Array(kernels.bytes().buffer, places.sums, run.count);
          fits = applyServerStep(
            server,
            step,
            m.subarray(from, from + run.count),
            v.subarray(from, from + run.count),
          );
          used += run.count;
        }
        kernels.bytes().set(place, memory.base);
        fits &&= kernels.addStep(run.dtype, memory.base, places.sums, run.count, memory.result);
        if (!fits) throw overflow(run);
        place.set(kernels.bytes().subarray(memory.result, memory.result + run.bytes));
      }
      return used;
    },
  };
}

function isFloatRun(run: PlacedRun): run is FloatRun {
  return run.role !== 'integer';
}

function overflow(run: PlacedRun): FoldRefused {
  return new FoldRefused(
    'not-finite',
    `The new model or its state overflows between bytes ${run.offset} and ${run.offset + run.bytes}.`,
  );
}
