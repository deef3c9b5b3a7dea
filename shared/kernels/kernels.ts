/**
 * The arithmetic that aggregation spends its time in. One instance belongs to one thread and works in one memory;
 * arguments are byte offsets into it, multiples of 16, and counts of elements. Two implementations give the same bits:
 * WebAssembly SIMD (simd-kernels.ts) and plain TypeScript (reference-kernels.ts).
 *
 * 1. Per coordinate, operations happen in the order that the signature says, each rounded once in float64: no fused
 *    multiply-add, no relaxed SIMD, no sum across coordinates but where it is named (norm, product, distance).
 * 2. Sums across coordinates use a fixed number of lanes in a fixed order, so that both implementations and any
 *    machine agree.
 * 3. Elements are finite wherever a function does not say otherwise.
 */
export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16';

/** Most rows that the order statistics and distances take. */
export const MOST_ROWS = 1_024;

/** Distances are summed over this many coordinates at a time, then added to the result: part of their bits. */
export const DISTANCE_BLOCK = 256;

export interface Kernels {
  /** The memory's bytes; the view of a smaller memory is dead after `reserve`. */
  bytes(): Uint8Array;
  /** Makes the memory at least this large. */
  reserve(byteLength: number): void;

  /** acc[i] += coefficient * x[i]; acc in float64. */
  accumulate(dtype: FloatDtype, acc: number, x: number, count: number, coefficient: number): void;
  /** Four updates in one pass, with the roundings of four calls of `accumulate` in turn. */
  accumulateFour(
    dtype: FloatDtype,
    acc: number,
    x: readonly [number, number, number, number],
    count: number,
    coefficients: readonly [number, number, number, number],
  ): void;
  /** acc[i] = acc[i] / divisor. */
  divide(acc: number, count: number, divisor: number): void;

  /**
   * Adds weight * x[i] to a pair of signed 64-bit limbs, whose value is high * 2^-20 + low * 2^-71.
   *
   * 1. The product is rounded to float64 (exact for F32, F16 and BF16 under a whole weight below 2^29) and then to a
   *    multiple of 2^-71, ties to even; below 2^-72 nothing is left. Both depend on this update alone, and all that
   *    follows is addition of integers: any order, any tree of partial sums gives the same limbs.
   * 2. False where a product, to the nearest multiple of 2^-20, is outside [-2^31, 2^31) or not a number, or a limb leaves [-2^62, 2^62), which takes
   *    more than 2,048 updates. The limbs then hold nothing of use.
   */
  accumulateExact(
    dtype: FloatDtype,
    high: number,
    low: number,
    x: number,
    count: number,
    weight: number,
  ): boolean;
  /** Four updates in one pass: the limbs of four calls of `accumulateExact`, and false where one of them is. */
  accumulateExactFour(
    dtype: FloatDtype,
    high: number,
    low: number,
    x: readonly [number, number, number, number],
    count: number,
    weights: readonly [number, number, number, number],
  ): boolean;
  /** Adds the limbs of another sum, B, to A. False where a limb leaves [-2^62, 2^62); A then holds nothing of use. */
  mergeExact(highA: number, lowA: number, highB: number, lowB: number, count: number): boolean;
  /**
   * acc[i] = the limbs' value / divisor, rounded once, ties to even; zero is +0. Where float64 sums lose nothing, these
   * are the bits of `canonical-f64/1`. The divisor lies between 2^-500 and 2^500. `acc` may be `high` or `low`.
   */
  finishExact(acc: number, high: number, low: number, count: number, divisor: number): void;

  /** Whether every element is finite, and if so the sum of squares of all; elements may be anything. */
  checkedSquares(dtype: FloatDtype, x: number, count: number): { finite: boolean; squares: number };
  /** sum(a[i] * b[i]) in float64, each element decoded exactly. */
  product(dtype: FloatDtype, a: number, b: number, count: number): number;
  /**
   * out[i * K + j] += sum over coordinates of (scales_i * x_i - scales_j * x_j)^2 for all pairs i < j of the K rows, and
   * out[j * K + i] becomes the same; `out` is K * K float64 in the memory. F64 in float64. Other dtypes: scaled values
   * are rounded to float32, and blocks of `DISTANCE_BLOCK` coordinates are summed in float32 where their squares fit
   * its range, in float64 where not; relative error below 2^-17. Differences are taken directly, so what rows have in
   * common cancels exactly, and a distance is never negative.
   */
  squaredDistances(
    dtype: FloatDtype,
    rows: readonly number[],
    count: number,
    scales: readonly number[],
    out: number,
  ): void;

  /**
   * acc[i] (float64) = median over the rows of scales_r * row_r[i]: the mean of the two middle ones for an even number.
   * Scaled values are rounded to float32 for F32, F16 and BF16. -0 counts as
   * +0 in all three order statistics.
   */
  median(
    dtype: FloatDtype,
    rows: readonly number[],
    count: number,
    scales: readonly number[],
    acc: number,
  ): void;
  /** acc[i] = mean without the `trim` smallest and largest; summed in ascending order in float64. */
  trimmedMean(
    dtype: FloatDtype,
    rows: readonly number[],
    count: number,
    scales: readonly number[],
    trim: number,
    acc: number,
  ): void;
  /** acc[i] = mean of the `keep` values nearest to the median, ties to the smaller; summed in ascending order in float64. */
  nearMedianMean(
    dtype: FloatDtype,
    rows: readonly number[],
    count: number,
    scales: readonly number[],
    keep: number,
    acc: number,
  ): void;

  /** out[i] = round to dtype(base[i] + step[i]), step in float64. False when an element came out NaN or infinite. */
  addStep(dtype: FloatDtype, base: number, step: number, count: number, out: number): boolean;

  /** Adds every row to acc, element by element, modulo 2^32 or 2^64. */
  addModulo(bits: 32 | 64, acc: number, rows: readonly number[], count: number): void;
}
