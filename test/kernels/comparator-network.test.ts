import { describe, expect, test } from 'vitest';
import {
  type Comparator,
  mergeExchange,
  selectionNetwork,
} from '../../shared/kernels/simd/comparator-network.ts';
import { kernelExports } from '../../shared/kernels/simd/kernel-exports.ts';
import { unrolledNetwork } from '../../shared/kernels/simd/unrolled-network.ts';
import { newMemory } from '../../shared/kernels/simd/web-assembly.ts';
import { mixed, seeded } from './elements.ts';

/** Passes every input of zeros and ones through at once: bit i of a row's word is its value in input i. */
function outputs(rows: number, network: readonly Comparator[]): Uint8Array[] {
  const inputs = 2 ** rows;
  const lines = Array.from({ length: rows }, (_, row) =>
    Uint8Array.from({ length: inputs }, (_value, input) => (input >> row) & 1),
  );
  for (const [a, b] of network) {
    const [x, y] = [lines[a] ?? new Uint8Array(0), lines[b] ?? new Uint8Array(0)];
    for (let i = 0; i < inputs; i++) {
      const [p, q] = [x[i] ?? 0, y[i] ?? 0];
      x[i] = p & q;
      y[i] = p | q;
    }
  }
  return lines;
}

/** Of sorted zeros and ones with `ones` ones, what stands at `rank`. */
function sortedBit(rows: number, ones: number, rank: number): number {
  return rank >= rows - ones ? 1 : 0;
}

// A network that sorts all inputs of zeros and ones sorts everything (Knuth volume 3, 5.3.4, theorem Z).
test.each(Array.from({ length: 15 }, (_, i) => i + 1))('selects every range of ranks of %i rows', (rows) => {
  const ones = Uint8Array.from({ length: 2 ** rows }, (_, input) => {
    let count = 0;
    for (let bits = input; bits; bits &= bits - 1) count++;
    return count;
  });
  const ranges = [
    [0, rows - 1],
    [rows >> 1, rows >> 1],
    [Math.max(0, (rows >> 1) - 1), rows >> 1],
    [Math.floor(rows / 5), rows - 1 - Math.floor(rows / 5)],
  ] as const;
  for (const [first, last] of ranges) {
    const lines = outputs(rows, selectionNetwork(rows, first, last));
    for (let rank = first; rank <= last; rank++) {
      const expected = ones.map((count) => sortedBit(rows, count, rank));
      expect(Buffer.compare(lines[rank] ?? new Uint8Array(0), expected)).toBe(0);
    }
  }
});

test('needs fewer comparators for a median than for sorting', () => {
  expect(mergeExchange(10)).toHaveLength(31);
  expect(mergeExchange(1_024)).toHaveLength(24_063);
  expect(selectionNetwork(10, 4, 5).length).toBeLessThan(31);
  expect(mergeExchange(1)).toEqual([]);
});

describe('straight-line code', () => {
  test.each([1, 2, 3, 4, 7, 10, 16, 25, 32])(
    'sorts %i rows to the bits of the table-driven kernel',
    (rows) => {
      const memory = newMemory(2);
      const wasm = kernelExports(memory);
      const columns = 48;
      const [pointers, network, work, input, plain, unrolled] = [0, 1_024, 4_096, 8_192, 24_576, 49_152];
      const random = seeded(rows);
      for (let row = 0; row < rows; row++) {
        const address = input + row * columns * 4;
        new Uint32Array(memory.buffer, pointers, rows)[row] = address;
        new Float32Array(memory.buffer, address, columns).set(mixed(random, columns));
      }
      for (const [first, last] of [
        [0, rows - 1],
        [rows >> 1, rows >> 1],
        [Math.floor(rows / 4), rows - 1 - Math.floor(rows / 4)],
      ] as const) {
        const comparators = selectionNetwork(rows, first, last);
        new Uint16Array(memory.buffer, network, comparators.length * 2).set(comparators.flat());
        const stride = columns * 4;
        const groups = columns / 16;
        wasm.sortGroupsF32(
          pointers,
          rows,
          groups,
          network,
          comparators.length,
          work,
          first,
          last,
          plain,
          stride,
        );
        unrolledNetwork(memory, comparators, { rows, first, last })(pointers, stride, unrolled, stride);
        const length = (last - first + 1) * stride;
        const expected = Buffer.from(memory.buffer, plain, length);
        expect(Buffer.from(memory.buffer, unrolled, length).equals(expected)).toBe(true);
        const ranks = new Float32Array(memory.buffer, plain, length / 4);
        const column = Float32Array.from(
          { length: last - first + 1 },
          (_, rank) => ranks[rank * columns + 5] ?? 0,
        );
        expect(column).toEqual(column.slice().sort());
      }
    },
  );
});
