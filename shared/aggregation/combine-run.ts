import type { Combination, SumMode } from '../domain/strategies/fold-plan.ts';
import type { FloatDtype, Kernels } from '../kernels/kernels.ts';
import { widthOf } from '../kernels/width.ts';
import { decodeFloats } from '../tensors/codec.ts';

/** A module of the deployed app: sets `out` from the scaled updates of some coordinates. */
export type FoldColumns = (columns: readonly Float64Array[], out: Float64Array) => void;

/** A float run whose rows all lie in the memory. */
export interface HeldRun {
  readonly dtype: FloatDtype;
  readonly count: number;
  /** Where each update's elements begin, in canonical order. */
  readonly rows: readonly number[];
  readonly sums: number;
}

/** Combines a run's rows as the plan says; the step lies at `run.sums` in float64 afterwards. */
export function combineRun(
  kernels: Kernels,
  combination: Exclude<Combination, { readonly kind: 'mean' }>,
  run: HeldRun,
  foldColumns: FoldColumns | undefined,
): void {
  const { dtype, count, rows, sums } = run;
  switch (combination.kind) {
    case 'median':
      return kernels.median(dtype, rows, count, combination.scales, sums);
    case 'trimmed-mean':
      return kernels.trimmedMean(dtype, rows, count, combination.scales, combination.trim, sums);
    case 'near-median-mean': {
      const { members, scales, keep } = combination;
      const of = <T>(list: readonly T[]): T[] => members.map((member) => list[member] as T);
      return kernels.nearMedianMean(dtype, of(rows), count, of(scales), keep, sums);
    }
    case 'module': {
      if (foldColumns === undefined) throw new Error(`the module ${combination.module} was not loaded`);
      const columns = rows.map((row, i) => scaled(kernels, dtype, row, count, Number(combination.scales[i])));
      foldColumns(columns, new Float64Array(kernels.bytes().buffer, sums, count));
    }
  }
}

/** Makes a run's sums zero. */
export function clearSums(
  kernels: Kernels,
  run: { sums: number; high: number; low: number; count: number },
  mode: SumMode,
): void {
  const bytes = kernels.bytes();
  for (const at of mode === 'exact-fixed/1' ? [run.high, run.low] : [run.sums]) {
    bytes.fill(0, at, at + run.count * 8);
  }
}

/** Makes the step of a run's sums. */
export function divideSums(
  kernels: Kernels,
  run: { sums: number; high: number; low: number; count: number },
  mode: SumMode,
  divisor: number,
): void {
  if (mode === 'exact-fixed/1') kernels.finishExact(run.sums, run.high, run.low, run.count, divisor);
  else kernels.divide(run.sums, run.count, divisor);
}

function scaled(
  kernels: Kernels,
  dtype: FloatDtype,
  row: number,
  count: number,
  scale: number,
): Float64Array {
  const values = new Float64Array(count);
  decodeFloats(dtype, kernels.bytes().subarray(row, row + count * widthOf(dtype)), values, 0);
  if (scale !== 1) for (let i = 0; i < count; i++) values[i] = Number(values[i]) * scale;
  return values;
}
