import { describe, expect, test } from 'vitest';
import type { FloatDtype, Kernels } from '../../shared/kernels/kernels.ts';
import { referenceKernels } from '../../shared/kernels/reference-kernels.ts';
import { simdKernels } from '../../shared/kernels/simd-kernels.ts';
import { Arena, FLOAT_DTYPES, widthOf } from './arrays.ts';
import { elements, mixed, seeded } from './elements.ts';

const COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 127, 128, 129, 1_000, 2_051];

/** Runs the same on both; whatever `run` returns must be the same, bytes and all. */
function agree(run: (arena: Arena, kernels: Kernels) => unknown): void {
  const [expected, actual] = [referenceKernels(), simdKernels()].map((kernels) => {
    const arena = new Arena(kernels);
    const answer = run(arena, kernels);
    return { answer, memory: Buffer.from(kernels.bytes().slice(0, arena.room(0))) };
  });
  expect(actual?.answer).toEqual(expected?.answer);
  if (expected && actual && !actual.memory.equals(expected.memory)) {
    const at = expected.memory.findIndex((byte, i) => byte !== actual.memory[i]);
    expect.fail(`The memories differ first at byte ${at}.`);
  }
}

function rowsOf(arena: Arena, dtype: FloatDtype, rows: number, count: number, seed: number): number[] {
  const random = seeded(seed);
  return Array.from({ length: rows }, () => arena.put(elements(dtype, mixed(random, count))));
}

const numbers = (count: number, seed: number): Float64Array => mixed(seeded(seed), count);

describe.each(FLOAT_DTYPES)('%s: WebAssembly and plain TypeScript give the same bits', (dtype) => {
  test.each(COUNTS)('weighted sums and divisions of %i elements', (count) => {
    agree((arena, kernels) => {
      const [a = 0, b = 0, c = 0, d = 0] = rowsOf(arena, dtype, 4, count, 7 + count);
      const acc = arena.put(numbers(count, 99));
      kernels.accumulate(dtype, acc, a, count, 1 / 3);
      kernels.accumulateFour(dtype, acc, [a, b, c, d], count, [17, 0.3, -2, 1_025]);
      kernels.divide(acc, count, 7);
    });
  });

  test.each(COUNTS)('exact sums of %i elements, merged and read out', (count) => {
    agree((arena, kernels) => {
      const rows = rowsOf(arena, dtype, 4, count, 31 + count);
      const limbs = [0, 1, 2, 3, 4].map(() => arena.put(new BigInt64Array(count)));
      const [highA = 0, lowA = 0, highB = 0, lowB = 0, acc = 0] = limbs;
      const answers = rows.map((row, k) =>
        kernels.accumulateExact(dtype, k % 2 ? highA : highB, k % 2 ? lowA : lowB, row, count, 2 * k + 3),
      );
      const [a = 0, b = 0, c = 0, d = 0] = rows;
      answers.push(kernels.accumulateExactFour(dtype, highA, lowA, [a, b, c, d], count, [1, 900, 4, 7]));
      const merged = kernels.mergeExact(highA, lowA, highB, lowB, count);
      kernels.finishExact(acc, highA, lowA, count, 24);
      kernels.finishExact(lowA, highA, lowA, count, 1 / 3);
      return { answers, merged };
    });
  });

  test.each(COUNTS)('norms and products of %i elements', (count) => {
    agree((arena, kernels) => {
      const [a = 0, b = 0] = rowsOf(arena, dtype, 2, count, 3 + count);
      return [kernels.checkedSquares(dtype, a, count), kernels.product(dtype, a, b, count)];
    });
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 13])('distances between %i rows', (K) => {
    for (const count of [1, 2, 5, 256, 257, 600]) {
      agree((arena, kernels) => {
        const rows = rowsOf(arena, dtype, K, count, K);
        const out = arena.put(new Float64Array(K * K).fill(0.5));
        kernels.squaredDistances(
          dtype,
          rows,
          count,
          rows.map((_, k) => (k % 3 ? 1 : 0.7)),
          out,
        );
      });
    }
  });

  test.each([1, 2, 3, 4, 5, 8, 10, 16, 31, 32, 33, 100])('order statistics over %i rows', (K) => {
    for (const count of [1, 3, 16, 37, 300]) {
      for (const scaled of [false, true]) {
        agree((arena, kernels) => {
          const rows = rowsOf(arena, dtype, K, count, 5 * K + count);
          const scales = rows.map((_, k) => (scaled && k % 2 ? 0.3 : 1));
          const [median, trimmed, near] = [0, 1, 2].map(() => arena.room(count * 8));
          kernels.median(dtype, rows, count, scales, median ?? 0);
          kernels.trimmedMean(dtype, rows, count, scales, Math.floor((K - 1) / 3), trimmed ?? 0);
          kernels.nearMedianMean(dtype, rows, count, scales, Math.ceil(K / 2), near ?? 0);
        });
      }
    }
  });

  test.each(COUNTS)('steps onto %i elements', (count) => {
    agree((arena, kernels) => {
      const [base = 0] = rowsOf(arena, dtype, 1, count, 2 + count);
      const step = arena.put(numbers(count, 4 + count));
      const out = arena.room(count * widthOf(dtype));
      return kernels.addStep(dtype, base, step, count, out);
    });
  });
});

describe.each([32, 64] as const)('sums modulo 2^%i', (bits) => {
  const shapes = COUNTS.flatMap((count) => [1, 8, 11].map((rows) => [rows, count] as const));
  test.each(shapes)('of %i rows of %i elements', (K, count) => {
    agree((arena, kernels) => {
      const random = seeded(count + bits);
      const words = (): BigUint64Array =>
        BigUint64Array.from({ length: count }, () => BigInt(Math.floor(random() * 2 ** 32)) * 0x1_0000_0001n);
      const acc = arena.put(words());
      kernels.addModulo(
        bits,
        acc,
        Array.from({ length: K }, () => arena.put(words())),
        count,
      );
    });
  });
});
