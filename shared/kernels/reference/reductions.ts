/**
 * Sums across coordinates.
 *
 * 1. Norms and products have eight lanes: coordinate i belongs to lane i mod 8, and each lane sums its coordinates in
 *    ascending order. The result is ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
 * 2. Distances have two lanes within each block of `DISTANCE_BLOCK` coordinates, (0 + 1) of a block is added to `out`,
 *    block after block.
 */
import { DISTANCE_BLOCK, type Kernels } from '../kernels.ts';
import { widthOf } from '../width.ts';
import { decode, eachChunk } from './decode.ts';
import type { ReferenceMemory } from './memory.ts';

const LANES = 8;

export function reductions(
  memory: ReferenceMemory,
): Pick<Kernels, 'checkedSquares' | 'product' | 'squaredDistances'> {
  return {
    checkedSquares(dtype, x, count) {
      const lanes = new Float64Array(LANES);
      let finite = true;
      eachChunk(memory, dtype, x, count, (values, start) => {
        for (let i = 0; i < values.length; i++) {
          const value = values[i] ?? 0;
          finite &&= Number.isFinite(value);
          const lane = (start + i) % LANES;
          lanes[lane] = (lanes[lane] ?? 0) + value * value;
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
          lanes[lane] = (lanes[lane] ?? 0) + (left[i] ?? 0) * (right[i] ?? 0);
        }
      });
      return sumOfLanes(lanes);
    },

    squaredDistances(dtype, rows, count, scales, out) {
      const K = rows.length;
      const sums = memory.floats64(out, K * K);
      const scaled = rows.map(() => new Float64Array(DISTANCE_BLOCK));
      for (let start = 0; start < count; start += DISTANCE_BLOCK) {
        const length = Math.min(DISTANCE_BLOCK, count - start);
        for (const [k, row] of rows.entries()) {
          const values = scaled[k]?.fill(0).subarray(0, length) ?? new Float64Array(0);
          decode(memory, dtype, row + start * widthOf(dtype), values);
          const scale = scales[k] ?? 1;
          for (let i = 0; i < length; i++) values[i] = (values[i] ?? 0) * scale;
        }
        for (const [i, a] of scaled.entries()) {
          for (let j = i + 1; j < K; j++) {
            const distance = blockDistance(a, scaled[j] ?? a, length);
            sums[i * K + j] = (sums[i * K + j] ?? 0) + distance;
            sums[j * K + i] = (sums[j * K + i] ?? 0) + distance;
          }
        }
      }
    },
  };
}

function sumOfLanes(lanes: Float64Array): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = lanes;
  return a + b + (c + d) + (e + f + (g + h));
}

function blockDistance(a: Float64Array, b: Float64Array, length: number): number {
  let even = 0;
  let odd = 0;
  for (let i = 0; i < length; i += 2) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    even += difference * difference;
    const next = i + 1 < length ? (a[i + 1] ?? 0) - (b[i + 1] ?? 0) : 0;
    odd += next * next;
  }
  return even + odd;
}
