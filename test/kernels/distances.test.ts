import { describe, expect, test } from 'vitest';
import type { FloatDtype, Kernels } from '../../shared/kernels/kernels.ts';
import { fromBf16, fromF16 } from '../../shared/tensors/half.ts';
import { Arena } from './arrays.ts';
import { BOTH } from './both.ts';
import { elements, seeded } from './elements.ts';

function distancesOf(
  kernels: Kernels,
  dtype: FloatDtype,
  rows: readonly (Float64Array | Float32Array | Uint16Array)[],
  scales: readonly number[] = rows.map(() => 1),
): Float64Array {
  const arena = new Arena(kernels);
  const offsets = rows.map((row) => arena.put(row));
  const out = arena.put(new Float64Array(rows.length ** 2));
  kernels.squaredDistances(dtype, offsets, rows[0]?.length ?? 0, scales, out);
  return arena.floats64(out, rows.length ** 2);
}

/** sum (a_i - b_i)^2 by whole numbers: float32 values times 2^149 are whole. */
function exactDistance(a: readonly number[], b: readonly number[]): number {
  const whole = (value: number): bigint => BigInt(value * 2 ** 100) << 49n;
  let sum = 0n;
  for (const [i, value] of a.entries()) {
    const difference = whole(value) - whole(b[i] ?? 0);
    sum += difference * difference;
  }
  return Number(sum >> 149n) * 2 ** -149;
}

/** Krum's scores (Blanchard et al. 2017): the sum of the K - f - 2 smallest distances to others; indices by score. */
function ranking(distances: ArrayLike<number>, K: number, f: number): number[] {
  const scores = Array.from({ length: K }, (_, i) =>
    Array.from({ length: K }, (_v, j) => distances[i * K + j] ?? 0)
      .filter((_v, j) => j !== i)
      .sort((a, b) => a - b)
      .slice(0, K - f - 2)
      .reduce((sum, distance) => sum + distance, 0),
  );
  return scores.map((_, i) => i).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
}

describe.each(BOTH)('%s', (_, newKernels) => {
  test.each([1e-3, 1e-5])(
    'ranks rows that differ by %f of what they have in common as exact arithmetic does',
    (spread) => {
      const random = seeded(31);
      const [K, count] = [12, 2_000];
      const common = Array.from({ length: count }, () => (random() - 0.5) * 0.1);
      const rows = Array.from({ length: K }, () =>
        Float32Array.from(common, (value) => value * (1 + spread * (random() - 0.5))),
      );
      const distances = distancesOf(newKernels(), 'F32', rows);
      const exact = rows.flatMap((a) => rows.map((b) => exactDistance([...a], [...b])));
      for (const [i, distance] of distances.entries()) {
        expect(Math.abs(distance - (exact[i] ?? 0))).toBeLessThanOrEqual((exact[i] ?? 0) * 2 ** -17);
      }
      expect(ranking(distances, K, 3)).toEqual(ranking(exact, K, 3));
    },
  );

  test.each([
    ['squares that vanish in float32', 1e-25],
    ['squares that overflow in float32', 1e25],
    ['sums that overflow in float32', 1e19],
    ['ordinary sizes', 1],
  ])('is close for %s', (_name, size) => {
    const random = seeded(8);
    const rows = [0, 1, 2, 3, 4, 5, 6].map(() =>
      Float32Array.from({ length: 600 }, () => (random() - 0.5) * size),
    );
    const distances = distancesOf(newKernels(), 'F32', rows);
    for (const [i, a] of rows.entries()) {
      for (const [j, b] of rows.entries()) {
        const expected = a.reduce((sum, value, at) => sum + (value - (b[at] ?? 0)) ** 2, 0);
        const distance = distances[i * 7 + j] ?? Number.NaN;
        expect(Math.abs(distance - expected)).toBeLessThanOrEqual(expected * 2 ** -17);
      }
    }
  });

  test('does not let one huge row blur the distances among the others', () => {
    const random = seeded(9);
    const honest = [0, 1, 2, 3, 4].map(() =>
      Float32Array.from({ length: 300 }, () => (random() - 0.5) * 1e-15),
    );
    const alone = distancesOf(newKernels(), 'F32', honest);
    const beside = distancesOf(newKernels(), 'F32', [...honest, new Float32Array(300).fill(3e38)]);
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 5; j++) expect(beside[i * 6 + j]).toBe(alone[i * 5 + j]);
      expect(beside[i * 6 + 5]).toBeGreaterThan(1e78);
    }
  });

  test('is symmetric, and exactly 0 between equal rows', () => {
    const random = seeded(10);
    const row = Float32Array.from({ length: 513 }, () => random());
    const other = Float32Array.from({ length: 513 }, () => random());
    const distances = distancesOf(newKernels(), 'F32', [row, other, row, other, row, row, row]);
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < 7; j++) expect(distances[i * 7 + j]).toBe(distances[j * 7 + i]);
    }
    expect(distances[2]).toBe(0);
    expect(distances[1 * 7 + 3]).toBe(0);
    expect(distances[1]).toBeGreaterThan(1);
  });

  test.each(['F64', 'F32', 'F16', 'BF16'] as const)(
    'adds to what stands in the result already (%s)',
    (dtype) => {
      const kernels = newKernels();
      const arena = new Arena(kernels);
      const rows = [1, 2, 4].map((value) => arena.put(elements(dtype, [value, value, 0])));
      const out = arena.put(new Float64Array(9).fill(100));
      kernels.squaredDistances(dtype, rows, 3, [1, 1, 0.5], out);
      expect([...arena.floats64(out, 9)]).toEqual([100, 102, 102, 102, 100, 100, 102, 100, 100]);
    },
  );

  test.each(['F16', 'BF16'] as const)('decodes %s before it subtracts', (dtype) => {
    const random = seeded(12);
    const rows = [0, 1].map(() =>
      elements(
        dtype,
        Array.from({ length: 777 }, () => random() - 0.5),
      ),
    );
    const decode = dtype === 'F16' ? fromF16 : fromBf16;
    const [a = [], b = []] = rows.map((row) => Array.from(row, decode));
    const expected = a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
    const distance = distancesOf(newKernels(), dtype, rows)[1] ?? 0;
    expect(Math.abs(distance - expected)).toBeLessThanOrEqual(expected * 2 ** -17);
  });
});
