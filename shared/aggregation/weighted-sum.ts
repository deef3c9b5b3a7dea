import type { FloatDtype, Kernels } from '../kernels/kernels.ts';
import { FoldRefused } from './fold-task.ts';

/** Rows of one run in the memory, and what each is multiplied by. Rows with 0 are left out. */
export interface WeightedRows {
  readonly dtype: FloatDtype;
  readonly count: number;
  readonly addresses: readonly number[];
  readonly coefficients: readonly number[];
}

/** Adds rows to the float64 sums at `sums`, in their order, four in one pass where there are four. */
export function addWeighted(kernels: Kernels, sums: number, rows: WeightedRows): void {
  const { dtype, count } = rows;
  const [addresses, coefficients] = [[] as number[], [] as number[]];
  for (const [i, coefficient] of rows.coefficients.entries()) {
    if (coefficient === 0) continue;
    addresses.push(Number(rows.addresses[i]));
    coefficients.push(coefficient);
  }
  let at = 0;
  for (; at + 4 <= addresses.length; at += 4) {
    kernels.accumulateFour(dtype, sums, fourOf(addresses, at), count, fourOf(coefficients, at));
  }
  for (; at < addresses.length; at++) {
    kernels.accumulate(dtype, sums, Number(addresses[at]), count, Number(coefficients[at]));
  }
}

function fourOf(values: readonly number[], at: number): [number, number, number, number] {
  return [Number(values[at]), Number(values[at + 1]), Number(values[at + 2]), Number(values[at + 3])];
}

/** Adds rows to sums of two limbs. The order is of no consequence. Throws {@link FoldRefused} out of range. */
export function addExactly(kernels: Kernels, high: number, low: number, rows: WeightedRows): void {
  const { dtype, count } = rows;
  for (const [i, coefficient] of rows.coefficients.entries()) {
    if (coefficient === 0) continue;
    if (kernels.accumulateExact(dtype, high, low, Number(rows.addresses[i]), count, coefficient)) continue;
    throw new FoldRefused(
      'strategy-precondition',
      'An element times its weight is 2^31 or more, which exact sums do not hold.',
    );
  }
}
