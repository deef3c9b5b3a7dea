import type { Combination, FoldPlan } from '../domain/strategies/fold-plan.ts';
import type { FloatDtype, Kernels } from '../kernels/kernels.ts';
import type { BlockMemory, PlacedColumn, PlacedRun } from './block-memory.ts';
import { compareWithStep } from './column-figures.ts';
import { clearSums, combineRun, divideSums, type FoldColumns } from './combine-run.ts';
import { FoldRefused } from './fold-task.ts';
import { type IntegerMean, integerMean } from './integer-mean.ts';
import { applyServerStep } from './server-step.ts';
import { addExactly, addWeighted } from './weighted-sum.ts';

type FloatRun = PlacedRun & { readonly dtype: FloatDtype };

export interface ColumnFold {
  /** Makes a column's sums zero, before rows are added as they come. */
  clear(column: PlacedColumn): void;
  /** Adds the rows of some updates, which lie at `slots`. */
  add(column: PlacedColumn, updates: readonly number[], slots: readonly number[]): void;
  /** Combines all rows of a column at once; `slots` is by update, -1 where it was not read. */
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
    held,
    memory,
    foldColumns,
  }: {
    plan: FoldPlan;
    evidence: boolean;
    /** Whether columns are combined at once, or row by row. */
    held: boolean;
    memory: BlockMemory;
    foldColumns: FoldColumns | undefined;
  },
): ColumnFold {
  const { sumMode, combination, integers, server } = plan;
  const control = plan.control ?? integers;
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
  const meanOf = (run: PlacedRun): Combination & { kind: 'mean' } => {
    if (run.role === 'integer') return integers;
    if (run.role === 'control') return control;
    if (combination.kind !== 'mean') throw new Error(`a ${combination.kind} does not add up row by row`);
    return combination;
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
        const coefficients = updates.map((update) => meanOf(run).coefficients[update] ?? 0);
        if (!isFloatRun(run)) {
          for (const [i, slot] of slots.entries()) addInteger(run, slot, coefficients[i] ?? 0);
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
        if (!isFloatRun(run)) {
          for (const [i, slot] of slots.entries()) addInteger(run, slot, integers.coefficients[i] ?? 0);
          continue;
        }
        const places = placesOf(column, run);
        const rows = slots.map((slot) => (slot < 0 ? slot : slot + run.slot));
        const part = run.role === 'control' ? control : combination;
        combineRun(kernels, part, { dtype: run.dtype, rows, ...places }, sumMode, foldColumns);
        if (evidence && run.role === 'model') {
          const at = { step: places.sums, zeros: memory.zeros, rounded: memory.result };
          kernels.bytes().fill(0, memory.zeros, memory.zeros + run.bytes);
          compareWithStep(kernels, run, at, slots, figures);
        }
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
        if (!held) divideSums(kernels, places, sumMode, meanOf(run).divisor);
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
