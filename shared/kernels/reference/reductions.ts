/**
 * Norms and inner products have eight lanes: coordinate i belongs to lane i mod 8, and each lane sums its coordinates
 * in ascending order. The result is ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
 */
import type { Kernels } from '../kernels.ts';
import { widthOf } from '../width.ts';
import { decode, eachChunk } from './decode.ts';
import type { ReferenceMemory } from './memory.ts';

const LANES = 8;

export function reductions(memory: ReferenceMemory): Pick<Kernels, 'checkedSquares' | 'product'> {
  return {
    checkedSquares(dtype, x, count) {
      const lanes = new Float64Array(LANES);
      let finite = true;
      eachChunk(memory, dtype, x, count, (values, start) => {
        for (let i = 0; i < values.length; i++) {
          const value = Number(values[i]);
          finite &&= Number.isFinite(value);
          const lane = (start + i) % LANES;
          lanes[lane] = Number(lanes[lane]) + value * value;
        }
      });
      return { finite, squares: sumOfLanes(lanes) };
    },

    product(dtype, a, b, count) {
      const lanes = new Float64Array(LANES);
      const width = widthOf(dtype);
      eachChunk(memory, dtype, a, count, (left, start) => {
        const right = new Float64Array(left.length);
        decode(memory, dtype, b + start * width, right);
        for (let i = 0; i < left.length; i++) {
          const lane = (start + i) % LANES;
          lanes[lane] = Number(lanes[lane]) + Number(left[i]) * Number(right[i]);
        }
      });
      return sumOfLanes(lanes);
    },
  };
}

function sumOfLanes(lanes: Float64Array): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = lanes;
  return a + b + (c + d) + (e + f + (g + h));
}
