/**
 * Squared distances, block by block of `DISTANCE_BLOCK` coordinates.
 *
 * 1. float32 values: squares of differences in float32, coordinate i in lane i mod 4; then (0 + 2) + (1 + 3) in float64.
 * 2. float64 values, and blocks whose float32 sum is outside [2^-80, 2^128): in float64, even coordinates + odd ones.
 */
import { checkRows } from '../check-rows.ts';
import { DISTANCE_BLOCK, type Kernels } from '../kernels.ts';
import { widthOf } from '../width.ts';
import { decode } from './decode.ts';
import type { ReferenceMemory } from './memory.ts';

const LEAST = 2 ** -80;

export function distances(memory: ReferenceMemory): Pick<Kernels, 'squaredDistances'> {
  return {
    squaredDistances(dtype, rows, count, scales, out) {
      checkRows(rows);
      const K = rows.length;
      const sums = memory.floats64(out, K * K);
      const distance = dtype === 'F64' ? wideDistance : narrowDistance;
      for (let start = 0; start < count; start += DISTANCE_BLOCK) {
        const length = Math.min(DISTANCE_BLOCK, count - start);
        const block = rows.map((row, k) => {
          const values = new Float64Array(length);
          decode(memory, dtype, row + start * widthOf(dtype), values);
          const scaled = values.map((value) => value * Number(scales[k]));
          return dtype === 'F64' ? scaled : scaled.map(Math.fround);
        });
        for (const [i, a] of block.entries()) {
          for (const [j, b] of block.entries()) {
            if (i < j) sums[i * K + j] = Number(sums[i * K + j]) + distance(a, b);
          }
        }
      }
      for (let i = 0; i < K; i++) {
        for (let j = i + 1; j < K; j++) sums[j * K + i] = Number(sums[i * K + j]);
      }
    },
  };
}

function wideDistance(a: Float64Array, b: Float64Array): number {
  const lanes: [number, number] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Number(a[i]) - Number(b[i]);
    lanes[i % 2 === 0 ? 0 : 1] += difference * difference;
  }
  return lanes[0] + lanes[1];
}

function narrowDistance(a: Float64Array, b: Float64Array): number {
  const lanes = new Float32Array(4);
  for (let i = 0; i < a.length; i++) {
    const difference = Math.fround(Number(a[i]) - Number(b[i]));
    lanes[i % 4] = Number(lanes[i % 4]) + Math.fround(difference * difference);
  }
  const [first = 0, second = 0, third = 0, fourth = 0] = lanes;
  const sum = first + third + (second + fourth);
  return sum >= LEAST && sum < 2 ** 128 ? sum : wideDistance(a, b);
}
