/**
 * Updates of one dtype held in a kernel memory, and the folds that benchmarks time over them, each down to a result in
 * the updates' own precision, block by block as the product folds.
 */
import type { FloatDtype, Kernels } from '../../shared/kernels/kernels.ts';

export const RULES = ['mean', 'median', 'trimmed-mean', 'distances', 'modular-sum'] as const;
export type FoldRule = (typeof RULES)[number];
export type HeldDtype = FloatDtype | 'U32';

export interface HeldUpdates {
  readonly rule: FoldRule;
  readonly dtype: HeldDtype;
  readonly count: number;
  /** Where row k lies, and where results go: K * K float64 for distances, else `count` elements. */
  readonly rows: readonly number[];
  readonly result: number;
  readonly resultBytes: number;
  /** Float64 of one block, and zeros of one block: both stay in the processor's cache. */
  readonly sums: number;
  readonly zeros: number;
}

/** Columns of a block: its sums take 128 KiB. */
const BLOCK = 16_384;

export function holdUpdates(
  kernels: Kernels,
  { dtype, K, count }: { dtype: HeldDtype; K: number; count: number },
  rule: FoldRule,
): HeldUpdates {
  const width = widthOfHeld(dtype);
  const rowBytes = aligned(count * width);
  const result = K * rowBytes;
  const resultBytes = rule === 'distances' ? K * K * 8 : count * width;
  const sums = result + aligned(resultBytes);
  const zeros = sums + BLOCK * 8;
  kernels.reserve(zeros + BLOCK * 8);
  kernels.bytes().fill(0, zeros, zeros + BLOCK * 8);
  const rows = Array.from({ length: K }, (_, k) => k * rowBytes);
  return { rule, dtype, count, rows, result, resultBytes, sums, zeros };
}

/** Carries the rule out once, over all that is held. */
export function foldHeld(kernels: Kernels, held: HeldUpdates, weights: readonly number[]): void {
  const { rule, dtype, rows, result, sums, zeros, count } = held;
  const width = widthOfHeld(dtype);
  if (rule === 'distances') kernels.bytes().fill(0, result, result + held.resultBytes);
  const ones = rows.map(() => 1);
  for (let start = 0; start < count; start += BLOCK) {
    const length = Math.min(BLOCK, count - start);
    const here = rows.map((row) => row + start * width);
    if (dtype === 'U32') {
      const out = result + start * width;
      kernels.bytes().copyWithin(out, here[0] ?? 0, (here[0] ?? 0) + length * width);
      kernels.addModulo(32, out, here.slice(1), length);
      continue;
    }
    switch (rule) {
      case 'distances':
        kernels.squaredDistances(dtype, here, length, ones, result);
        continue;
      case 'median':
        kernels.median(dtype, here, length, ones, sums);
        break;
      case 'trimmed-mean':
        kernels.trimmedMean(dtype, here, length, ones, Math.floor(0.2 * rows.length), sums);
        break;
      default:
        weightedMean(kernels, dtype, here, length, weights, sums);
    }
    kernels.addStep(dtype, zeros, sums, length, result + start * width);
  }
}

function weightedMean(
  kernels: Kernels,
  dtype: FloatDtype,
  rows: readonly number[],
  length: number,
  weights: readonly number[],
  sums: number,
): void {
  kernels.bytes().fill(0, sums, sums + length * 8);
  const of = (list: readonly number[], at: number): number => list[at] ?? 0;
  const four = (list: readonly number[], at: number) =>
    [of(list, at), of(list, at + 1), of(list, at + 2), of(list, at + 3)] as const;
  let k = 0;
  for (; k + 4 <= rows.length; k += 4) {
    kernels.accumulateFour(dtype, sums, four(rows, k), length, four(weights, k));
  }
  for (; k < rows.length; k++) kernels.accumulate(dtype, sums, of(rows, k), length, of(weights, k));
  kernels.divide(
    sums,
    length,
    weights.reduce((total, weight) => total + weight, 0),
  );
}

export function widthOfHeld(dtype: HeldDtype): number {
  return dtype === 'F64' ? 8 : dtype === 'F32' || dtype === 'U32' ? 4 : 2;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
