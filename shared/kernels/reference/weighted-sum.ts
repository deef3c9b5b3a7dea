/** Weighted sums in float64: each product and each sum rounded once, in the order of the calls. */
import type { Kernels } from '../kernels.ts';
import { eachChunk } from './decode.ts';
import type { ReferenceMemory } from './memory.ts';

export function weightedSum(
  memory: ReferenceMemory,
): Pick<Kernels, 'accumulate' | 'accumulateFour' | 'divide'> {
  const accumulate: Kernels['accumulate'] = (dtype, acc, x, count, coefficient) => {
    const sums = memory.floats64(acc, count);
    eachChunk(memory, dtype, x, count, (values, start) => {
      for (let i = 0; i < values.length; i++) {
        sums[start + i] = Number(sums[start + i]) + coefficient * Number(values[i]);
      }
    });
  };
  return {
    accumulate,
    accumulateFour(dtype, acc, x, count, coefficients) {
      for (let k = 0; k < 4; k++) accumulate(dtype, acc, Number(x[k]), count, Number(coefficients[k]));
    },
    divide(acc, count, divisor) {
      const sums = memory.floats64(acc, count);
      for (let i = 0; i < count; i++) sums[i] = Number(sums[i]) / divisor;
    },
  };
}
