import { describe, expect, test } from 'vitest';
import { Arena } from './arrays.ts';
import { BOTH } from './both.ts';

describe.each(BOTH)('%s', (_, newKernels) => {
  test('combines five small updates as one would by hand', () => {
    const kernels = newKernels();
    const arena = new Arena(kernels);
    const rows = [1, 2, 3, 10, 40].map((value) => arena.put(Float32Array.of(value, -value, 0.5)));
    const acc = arena.put(new Float64Array(3));
    for (const row of rows) kernels.accumulate('F32', acc, row, 3, 2);
    kernels.divide(acc, 3, 10);
    expect([...arena.floats64(acc, 3)]).toEqual([11.2, -11.2, 0.5]);
    const ones = [1, 1, 1, 1, 1];
    kernels.median('F32', rows, 3, ones, acc);
    expect([...arena.floats64(acc, 3)]).toEqual([3, -3, 0.5]);
    kernels.trimmedMean('F32', rows, 3, ones, 1, acc);
    expect([...arena.floats64(acc, 3)]).toEqual([5, -5, 0.5]);
    kernels.nearMedianMean('F32', rows, 3, ones, 3, acc);
    expect([...arena.floats64(acc, 3)]).toEqual([2, -2, 0.5]);
    kernels.median('F32', rows.slice(0, 4), 3, [1, 1, 1, 0.5], acc);
    expect([...arena.floats64(acc, 3)]).toEqual([2.5, -2.5, 0.5]);
  });

  test('adds four updates as four single additions do, roundings and all', () => {
    const kernels = newKernels();
    const arena = new Arena(kernels);
    const x = [1e-8, 1e8, -1e8, 3].map((value) => arena.put(Float32Array.from({ length: 11 }, () => value)));
    const [a = 0, b = 0, c = 0, d = 0] = x;
    const [one, four] = [arena.put(new Float64Array(11)), arena.put(new Float64Array(11))];
    const coefficients = [0.1, 0.3, 0.7, 1 / 3] as const;
    for (const [k, row] of x.entries()) kernels.accumulate('F32', one, row, 11, coefficients[k] ?? 0);
    kernels.accumulateFour('F32', four, [a, b, c, d], 11, coefficients);
    expect(arena.read(four, 88)).toEqual(arena.read(one, 88));
    let sum = 0;
    for (const [k, value] of [1e-8, 1e8, -1e8, 3].entries())
      sum += Math.fround(value) * (coefficients[k] ?? 0);
    expect(arena.floats64(four, 11)).toEqual(new Float64Array(11).fill(sum));
  });

  test('keeps what it holds when the memory grows, and gives room up to the byte that was asked for', () => {
    const kernels = newKernels();
    kernels.reserve(100);
    kernels.bytes().fill(7, 0, 100);
    kernels.reserve(10_000_000);
    expect(kernels.bytes().length).toBeGreaterThanOrEqual(10_000_000);
    expect(kernels.bytes().slice(0, 100)).toEqual(new Uint8Array(100).fill(7));
    kernels.reserve(5);
    expect(kernels.bytes().length).toBeGreaterThanOrEqual(10_000_000);
  });

  test('refuses arrays that reach outside its memory or begin between elements', () => {
    const kernels = newKernels();
    kernels.reserve(1_024);
    expect(() => kernels.accumulate('F32', 0, 512, 129, 1)).toThrow(RangeError);
    expect(() => kernels.divide(1_024, 1, 2)).toThrow(RangeError);
    expect(() => kernels.divide(-16, 1, 2)).toThrow(RangeError);
    expect(() => kernels.divide(3, 1, 2)).toThrow(RangeError);
    expect(() => kernels.median('F64', [0, 1_008], 3, [1, 1], 512)).toThrow(RangeError);
  });

  test('refuses no rows, more than its tables hold, and to keep none or more than there are', () => {
    const kernels = newKernels();
    kernels.reserve(16);
    const rows = new Array<number>(1_025).fill(0);
    const ones = rows.map(() => 1);
    expect(() => kernels.median('F32', rows, 1, ones, 0)).toThrow('At most 1024 rows, not 1025.');
    expect(() => kernels.squaredDistances('F32', rows, 0, ones, 0)).toThrow('At most 1024 rows, not 1025.');
    expect(() => kernels.median('F32', [], 1, [], 0)).toThrow('There are no rows.');
    const two = [[0, 0], 1, [1, 1]] as const;
    expect(() => kernels.trimmedMean('F32', ...two, 1, 0)).toThrow('0 of 2 values cannot be kept.');
    expect(() => kernels.nearMedianMean('F32', ...two, 3, 0)).toThrow('3 of 2 values cannot be kept.');
  });
});
