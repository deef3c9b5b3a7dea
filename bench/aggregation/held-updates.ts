/**
 * Updates of one dtype held in a kernel memory, and the folds that benchmarks time over them. A worker keeps one such
 * object alive and repeats a fold on request.
 */
import type { FloatDtype, Kernels } from '../../shared/kernels/kernels.ts';
import { widthOf } from '../../shared/kernels/width.ts';

export interface HeldUpdates {
  readonly kernels: Kernels;
  readonly dtype: FloatDtype;
  readonly count: number;
  readonly rows: readonly number[];
  /** `count` float64, and as many for the exact sum's lower limbs. */
  readonly acc: number;
  readonly low: number;
  /** K * K float64. */
  readonly distances: number;
}

/** Makes room for K updates of `count` elements and fills them by `fill(update, bytes)`. */
export function holdUpdates(
  kernels: Kernels,
  shape: { dtype: FloatDtype; K: number; count: number },
  fill: (update: number, bytes: Uint8Array) => void,
): HeldUpdates {
  const { dtype, K, count } = shape;
  const rowBytes = aligned(count * widthOf(dtype));
  const accBytes = aligned(count * 8);
  const low = K * rowBytes + accBytes;
  const distances = low + accBytes;
  kernels.reserve(distances + aligned(K * K * 8));
  const rows = Array.from({ length: K }, (_, k) => k * rowBytes);
  for (const [k, row] of rows.entries()) {
    fill(k, kernels.bytes().subarray(row, row + count * widthOf(dtype)));
  }
  return { kernels, dtype, count, rows, acc: K * rowBytes, low, distances };
}

/** sum(weights_k * x_k) / divisor into `acc`, four updates in a pass, a block of columns after another. */
export function weightedMean(
  held: HeldUpdates,
  weights: readonly number[],
  divisor: number,
  blockElements = 32_768,
): void {
  const { kernels, dtype, count, rows } = held;
  const width = widthOf(dtype);
  for (let start = 0; start < count; start += blockElements) {
    const length = Math.min(blockElements, count - start);
    const acc = held.acc + start * 8;
    kernels.bytes().fill(0, acc, acc + length * 8);
    const x = (k: number): number => (rows[k] ?? 0) + start * width;
    const w = (k: number): number => weights[k] ?? 0;
    let k = 0;
    for (; k + 4 <= rows.length; k += 4) {
      kernels.accumulateFour(dtype, acc, [x(k), x(k + 1), x(k + 2), x(k + 3)], length, [
        w(k),
        w(k + 1),
        w(k + 2),
        w(k + 3),
      ]);
    }
    for (; k < rows.length; k++) kernels.accumulate(dtype, acc, x(k), length, w(k));
    kernels.divide(acc, length, divisor);
  }
}

/** The same mean by exact sums. */
export function exactMean(
  held: HeldUpdates,
  weights: readonly number[],
  divisor: number,
  blockElements = 16_384,
): void {
  const { kernels, dtype, count, rows } = held;
  for (let start = 0; start < count; start += blockElements) {
    const length = Math.min(blockElements, count - start);
    const [high, low] = [held.acc + start * 8, held.low + start * 8];
    kernels.bytes().fill(0, high, high + length * 8);
    kernels.bytes().fill(0, low, low + length * 8);
    const x = (k: number): number => (rows[k] ?? 0) + start * widthOf(dtype);
    const w = (k: number): number => weights[k] ?? 0;
    let fits = true;
    let k = 0;
    for (; k + 4 <= rows.length; k += 4) {
      const four = [x(k), x(k + 1), x(k + 2), x(k + 3)] as const;
      const weightsOfFour = [w(k), w(k + 1), w(k + 2), w(k + 3)] as const;
      fits &&= kernels.accumulateExactFour(dtype, high, low, four, length, weightsOfFour);
    }
    for (; k < rows.length; k++) fits &&= kernels.accumulateExact(dtype, high, low, x(k), length, w(k));
    if (!fits) throw new RangeError('A weighted element is out of range.');
    kernels.finishExact(high, high, low, length, divisor);
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
