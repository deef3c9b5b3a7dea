import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kernels } from '../../shared/kernels/kernels.ts';
import { Arena } from './arrays.ts';
import { BOTH } from './both.ts';
import { mixed, seeded } from './elements.ts';

interface Limbs {
  readonly high: number;
  readonly low: number;
}

function zeroLimbs(arena: Arena, count: number): Limbs {
  return { high: arena.put(new BigInt64Array(count)), low: arena.put(new BigInt64Array(count)) };
}

/** In units of 2^-71. */
function valueOf(arena: Arena, { high, low }: Limbs): bigint {
  return ((arena.limbs(high, 1)[0] ?? 0n) << 51n) + (arena.limbs(low, 1)[0] ?? 0n);
}

/** A float64 as a fraction with a power of two below: its bits taken apart, no arithmetic on floats. */
function fraction(value: number): { numerator: bigint; denominator: bigint } {
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0] ?? 0n;
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xf_ffff_ffff_ffffn) + (exponent ? 1n << 52n : 0n);
  const power = BigInt(Math.max(exponent, 1) - 1_075);
  const numerator = (bits >> 63n ? -mantissa : mantissa) << (power > 0n ? power : 0n);
  return { numerator, denominator: 1n << (power < 0n ? -power : 0n) };
}

/** numerator / denominator to the nearest whole number, ties to even. */
function nearestWhole(numerator: bigint, denominator: bigint): bigint {
  const twice = 2n * numerator;
  let whole = (twice + denominator) / (2n * denominator);
  if ((twice + denominator) % (2n * denominator) < 0n) whole -= 1n;
  const isTie = twice + denominator === whole * 2n * denominator;
  return isTie && whole % 2n !== 0n ? whole - 1n : whole;
}

/** Whether `result` is the float64 nearest to numerator / denominator, and the even one of two that are. */
function isNearest(result: number, numerator: bigint, denominator: bigint): boolean {
  const distance = (candidate: number): { top: bigint; bottom: bigint } => {
    const { numerator: n, denominator: d } = fraction(candidate);
    const difference = n * denominator - numerator * d;
    return { top: difference < 0n ? -difference : difference, bottom: d * denominator };
  };
  const bits = new BigInt64Array(Float64Array.of(result).buffer)[0] ?? 0n;
  const own = distance(result);
  return [-1n, 1n].every((step) => {
    const other = new Float64Array(BigInt64Array.of(bits + step).buffer)[0] ?? 0;
    if (!Number.isFinite(other)) return true;
    const theirs = distance(other);
    const comparison = own.top * theirs.bottom - theirs.top * own.bottom;
    return comparison < 0n || (comparison === 0n && bits % 2n === 0n);
  });
}

const weight = fc.integer({ min: 1, max: 2 ** 29 - 1 });
const small = fc.integer({ min: 1, max: 1_025 });
const element = fc.oneof(
  fc.float({ min: -1, max: 1, noNaN: true }),
  fc.float({ min: -(2 ** -20), max: 2 ** -20, noNaN: true }),
  fc.constantFrom(0, -0, 1, 2 ** -71, 2 ** -72, 3 * 2 ** -73, 2 ** -149, -(2 ** -100), 1 - 2 ** -24),
);

describe.each(BOTH)('%s', (_, newKernels) => {
  test('adds weighted float32 elements without a rounding above 2^-71, like whole numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(element, weight), { minLength: 1, maxLength: 30 }), (terms) => {
        const arena = new Arena(newKernels());
        const limbs = zeroLimbs(arena, 1);
        let expected = 0n;
        for (const [value, w] of terms) {
          const x = arena.put(Float32Array.of(value));
          expect(arena.kernels.accumulateExact('F32', limbs.high, limbs.low, x, 1, w)).toBe(true);
          const { numerator, denominator } = fraction(value);
          expected += nearestWhole((BigInt(w) * numerator) << 71n, denominator);
        }
        expect(valueOf(arena, limbs)).toBe(expected);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  test('gives the same limbs for every order and tree of partial sums', () => {
    const random = seeded(77);
    const [K, count] = [24, 67];
    const rows = Array.from({ length: K }, () => Float32Array.from(mixed(random, count)));
    const weights = rows.map(() => 1 + Math.floor(random() * 1_000));
    const sumOf = (order: readonly number[], groupSize: number): Uint8Array => {
      const arena = new Arena(newKernels());
      const kernels = arena.kernels;
      const total = zeroLimbs(arena, count);
      for (let start = 0; start < order.length; start += groupSize) {
        const part = zeroLimbs(arena, count);
        for (const k of order.slice(start, start + groupSize)) {
          const x = arena.put(rows[k] ?? new Float32Array(count));
          expect(kernels.accumulateExact('F32', part.high, part.low, x, count, weights[k] ?? 0)).toBe(true);
        }
        expect(kernels.mergeExact(total.high, total.low, part.high, part.low, count)).toBe(true);
      }
      kernels.finishExact(total.high, total.high, total.low, count, 12_345);
      return arena.read(total.high, count * 8);
    };
    const canonical = rows.map((_row, k) => k);
    const expected = sumOf(canonical, K);
    for (const groupSize of [1, 2, 5, 24]) {
      const shuffled = [...canonical].sort(() => random() - 0.5);
      expect(sumOf(shuffled, groupSize)).toEqual(expected);
    }
  });

  test('agrees with float64 sums and one division wherever those lose nothing', () => {
    const random = seeded(5);
    const [K, count] = [10, 500];
    const arena = new Arena(newKernels());
    const acc = arena.put(new Float64Array(count));
    const limbs = zeroLimbs(arena, count);
    for (let k = 0; k < K; k++) {
      // 12 bits of mantissa in a narrow range: sums of 1,000 fit 53 bits.
      const x = arena.put(
        Float32Array.from({ length: count }, () => Math.round((random() - 0.5) * 4_096) / 8_192),
      );
      arena.kernels.accumulate('F32', acc, x, count, 17 + k);
      arena.kernels.accumulateExact('F32', limbs.high, limbs.low, x, count, 17 + k);
    }
    arena.kernels.divide(acc, count, 215);
    arena.kernels.finishExact(limbs.high, limbs.high, limbs.low, count, 215);
    expect(arena.read(limbs.high, count * 8)).toEqual(arena.read(acc, count * 8));
  });

  test('reads out the float64 nearest to sum / divisor', () => {
    const limb = fc.oneof(
      fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n - 1n }),
      fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n }),
      fc.bigInt({ min: -(2n ** 20n), max: 2n ** 20n }),
      fc.constantFrom(0n, 1n, -1n, 2n ** 50n, -(2n ** 50n), 2n ** 51n, 2n ** 62n - 1n, -(2n ** 62n)),
    );
    const divisor = fc.oneof(
      small,
      fc.integer({ min: 1, max: 2 ** 41 }),
      fc.double({ min: 1e-3, max: 1e12, noNaN: true }),
      fc.constantFrom(1, 3, 7, 2 ** 30, 2 ** -500, 2 ** 500, 1 / 3),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(limb, limb), { minLength: 1, maxLength: 5 }), divisor, (pairs, d) => {
        const arena = new Arena(newKernels());
        const high = arena.put(BigInt64Array.from(pairs, ([h]) => h));
        const low = arena.put(BigInt64Array.from(pairs, ([, l]) => l));
        arena.kernels.finishExact(high, high, low, pairs.length, d);
        const results = arena.floats64(high, pairs.length);
        const { numerator, denominator } = fraction(d);
        for (const [i, [h, l]] of pairs.entries()) {
          const steps = (h << 51n) + l;
          const result = results[i] ?? Number.NaN;
          if (steps === 0n) expect(Object.is(result, 0)).toBe(true);
          else if (!isNearest(result, steps * denominator, numerator << 71n)) {
            expect.fail(`${h}, ${l} / ${d} gave ${result}`);
          }
        }
      }),
      { numRuns: 400, seed: 9 },
    );
  });

  test('takes the even neighbour when a quotient lies in the middle of two', () => {
    const arena = new Arena(newKernels());
    // 2^53 + 1 and 2^53 + 3 steps of 2^-71, as two limbs each, over 1 and over a power of two.
    const steps = [2n ** 53n + 1n, 2n ** 53n + 3n, -(2n ** 53n) - 1n, 2n ** 100n + 2n ** 47n];
    const limbs = { high: arena.room(32), low: arena.room(32) };
    for (const divisor of [1, 2 ** 29]) {
      const view = new BigInt64Array(arena.kernels.bytes().buffer, limbs.high, 4);
      for (const [i, step] of steps.entries()) view[i] = step >> 51n;
      const lower = new BigInt64Array(arena.kernels.bytes().buffer, limbs.low, 4);
      for (const [i, step] of steps.entries()) lower[i] = step & (2n ** 51n - 1n);
      arena.kernels.finishExact(limbs.high, limbs.high, limbs.low, 4, divisor);
      expect([...arena.floats64(limbs.high, 4)].map((value) => value * divisor * 2 ** 71)).toEqual([
        2 ** 53,
        2 ** 53 + 4,
        -(2 ** 53),
        2 ** 100,
      ]);
    }
  });

  test.each([
    ['NaN', Number.NaN, 1],
    ['infinity', Infinity, 1],
    ['minus infinity', -Infinity, 1],
    ['2^31', 2 ** 31, 1],
    ['less than -2^31', -(2 ** 31) - 256, 1],
    ['a product of 2^31', 4, 2 ** 29],
    ['a huge product', 3e38, 2 ** 28],
  ])('refuses %s, wherever it stands', (_name, bad, w) => {
    for (const at of [0, 2, 3, 4, 6]) {
      const arena = new Arena(newKernels());
      const values = new Float32Array(7).fill(0.5);
      values[at] = bad;
      const x = arena.put(values);
      const fine = arena.put(new Float32Array(7).fill(0.5));
      const limbs = zeroLimbs(arena, 7);
      const { kernels } = arena;
      expect(kernels.accumulateExact('F32', limbs.high, limbs.low, fine, 7, w)).toBe(true);
      expect(kernels.accumulateExact('F32', limbs.high, limbs.low, x, 7, w)).toBe(false);
      const four = zeroLimbs(arena, 7);
      for (const rows of [[x, fine, fine, fine] as const, [fine, fine, fine, x] as const]) {
        expect(kernels.accumulateExactFour('F32', four.high, four.low, rows, 7, [w, w, w, w])).toBe(false);
      }
    }
  });

  test('accepts products up to its bounds', () => {
    const arena = new Arena(newKernels());
    const limbs = zeroLimbs(arena, 2);
    const x = arena.put(Float32Array.of(-(2 ** 31), 2 ** 31 - 128));
    expect(arena.kernels.accumulateExact('F32', limbs.high, limbs.low, x, 2, 1)).toBe(true);
    arena.kernels.finishExact(limbs.high, limbs.high, limbs.low, 2, 1);
    expect([...arena.floats64(limbs.high, 2)]).toEqual([-(2 ** 31), 2 ** 31 - 128]);
  });

  test('takes 2,048 of the largest terms and refuses a sum that leaves its limb', () => {
    const arena = new Arena(newKernels());
    const limbs = zeroLimbs(arena, 5);
    const x = arena.put(new Float32Array(5).fill(2 ** 31 - 128));
    const add = (k: Kernels): boolean => k.accumulateExact('F32', limbs.high, limbs.low, x, 5, 1);
    for (let term = 0; term < 2_048; term++) expect(add(arena.kernels)).toBe(true);
    expect(add(arena.kernels)).toBe(false);
  });

  test('refuses to merge sums that leave their limbs', () => {
    for (const [high, low] of [
      [2n ** 61n, 0n],
      [0n, 2n ** 61n],
      [-(2n ** 61n) - 1n, 0n],
    ] as const) {
      const arena = new Arena(newKernels());
      const [h, l] = [arena.put(BigInt64Array.of(0n, high)), arena.put(BigInt64Array.of(0n, low))];
      expect(arena.kernels.mergeExact(h, l, h, l, 2)).toBe(false);
    }
  });
});
