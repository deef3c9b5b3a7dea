import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FloatDtype } from '../../shared/kernels/kernels.ts';
import { fromBf16, fromF16 } from '../../shared/tensors/half.ts';
import { Arena, FLOAT_DTYPES } from './arrays.ts';
import { BOTH } from './both.ts';
import { elements, mixed, seeded } from './elements.ts';

function valuesOf(dtype: FloatDtype, array: ArrayLike<number>): number[] {
  const decode = dtype === 'F16' ? fromF16 : dtype === 'BF16' ? fromBf16 : (value: number) => value;
  return Array.from(array, decode);
}

/** The middle of numbers by counting what lies below and above, not by the order they end up in. */
function medianByRank(values: readonly number[]): number {
  const rank = (r: number): number =>
    values.find(
      (value) =>
        values.filter((other) => other < value).length <= r &&
        values.filter((other) => other <= value).length > r,
    ) ?? Number.NaN;
  const half = values.length >> 1;
  return (values.length % 2 ? rank(half) : (rank(half - 1) + rank(half)) / 2) + 0;
}

/** Takes away one end after another: the larger distance from the median goes, of two equal ones the larger value. */
function nearestMean(values: readonly number[], keep: number): number {
  const median = medianByRank(values);
  const left = [...values].sort((a, b) => a - b);
  while (left.length > keep) {
    const [first = 0, last = 0] = [left[0], left.at(-1)];
    if (median - first > last - median) left.shift();
    else left.pop();
  }
  return left.reduce((sum, value) => sum + value, 0) / keep;
}

describe.each(BOTH)('%s', (_, newKernels) => {
  const kernels = newKernels();

  test.each(FLOAT_DTYPES)(
    'finds medians of %s that counting finds, for every number of rows up to 40',
    (dtype) => {
      const random = seeded(11);
      for (let K = 1; K <= 40; K++) {
        const arena = new Arena(kernels);
        const columns = 21;
        const rows = Array.from({ length: K }, () => elements(dtype, mixed(random, columns)));
        const offsets = rows.map((row) => arena.put(row));
        const acc = arena.room(columns * 8);
        kernels.median(
          dtype,
          offsets,
          columns,
          rows.map(() => 1),
          acc,
        );
        const decoded = rows.map((row) => valuesOf(dtype, row));
        const expected = Array.from({ length: columns }, (_v, i) =>
          medianByRank(decoded.map((row) => row[i] ?? 0)),
        );
        expect([...arena.floats64(acc, columns)]).toEqual(expected);
      }
    },
  );

  test('trims and keeps near the median as its definition says', () => {
    const value = fc.oneof(
      fc.integer({ min: -4, max: 4 }),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 45 }), fc.nat(), fc.nat(), (values, t, k) => {
        const K = values.length;
        const [trim, keep] = [t % Math.ceil(K / 2), 1 + (k % K)];
        const arena = new Arena(kernels);
        const rows = values.map((v) => arena.put(Float32Array.of(v)));
        const ones = values.map(() => 1);
        const acc = arena.room(8);
        kernels.trimmedMean('F32', rows, 1, ones, trim, acc);
        const sorted = values.map((v) => v + 0).sort((a, b) => a - b);
        const rest = sorted.slice(trim, K - trim);
        expect(arena.floats64(acc, 1)[0]).toBe(rest.reduce((sum, v) => sum + v, 0) / rest.length);
        kernels.nearMedianMean('F32', rows, 1, ones, keep, acc);
        expect(arena.floats64(acc, 1)[0]).toBe(nearestMean(values, keep));
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  test('keeps the smaller of two values that are equally far from the median', () => {
    const arena = new Arena(kernels);
    const rows = [-2, 0, 2].map((value) => arena.put(Float32Array.of(value)));
    const acc = arena.room(8);
    kernels.nearMedianMean('F32', rows, 1, [1, 1, 1], 2, acc);
    expect(arena.floats64(acc, 1)[0]).toBe(-1);
  });

  test.each(FLOAT_DTYPES)('counts -0 as +0 among %s values', (dtype) => {
    for (const zeros of [[-0], [-0, 0], [-0, -0, 0], [-0, -0, -0, -0]]) {
      const arena = new Arena(kernels);
      const rows = zeros.map((zero) => arena.put(elements(dtype, [zero])));
      const ones = zeros.map(() => 1);
      const acc = arena.room(8);
      kernels.median(dtype, rows, 1, ones, acc);
      expect(Object.is(arena.floats64(acc, 1)[0], 0)).toBe(true);
      kernels.trimmedMean(dtype, rows, 1, ones, 0, acc);
      expect(Object.is(arena.floats64(acc, 1)[0], 0)).toBe(true);
    }
  });

  test('multiplies by the scales before it sorts, rounding to float32', () => {
    const arena = new Arena(kernels);
    const values = [3, 100, -7, 0.1, 2 ** -140];
    const scales = [0.1, 1e-3, 1 / 3, 1, 0.3];
    const rows = values.map((value) => arena.put(Float32Array.of(value)));
    const acc = arena.room(8);
    kernels.median('F32', rows, 1, scales, acc);
    expect(arena.floats64(acc, 1)[0]).toBe(Math.fround(0.1));
    kernels.trimmedMean('F32', rows, 1, scales, 0, acc);
    const sorted = values.map((v, k) => Math.fround(Math.fround(v) * (scales[k] ?? 1))).sort((a, b) => a - b);
    expect(arena.floats64(acc, 1)[0]).toBe(sorted.reduce((sum, v) => sum + v, 0) / 5);
  });

  test('sorts a thousand rows', () => {
    const arena = new Arena(kernels);
    const random = seeded(1_000);
    const values = Array.from({ length: 1_000 }, () => Math.fround(random() - 0.3));
    const rows = values.map((value) => arena.put(Float32Array.of(value, -value, value)));
    const acc = arena.room(24);
    kernels.median(
      'F32',
      rows,
      3,
      values.map(() => 1),
      acc,
    );
    const sorted = [...values].sort((a, b) => a - b);
    const middle = ((sorted[499] ?? 0) + (sorted[500] ?? 0)) / 2;
    expect([...arena.floats64(acc, 3)]).toEqual([middle, -middle, middle]);
  });
});
