import { expect, test } from 'vitest';
import { referenceKernels } from '../../shared/kernels/reference-kernels.ts';
import { Arena } from './arrays.ts';

test('a weighted mean, a median, a trimmed mean and a mean near the median of five small updates', () => {
  const kernels = referenceKernels();
  const arena = new Arena(kernels);
  const rows = [1, 2, 3, 10, 40].map((value) => arena.put(Float32Array.of(value, -value, 0.5)));
  const acc = arena.room(24);
  kernels.bytes().fill(0, acc, acc + 24);
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
});
