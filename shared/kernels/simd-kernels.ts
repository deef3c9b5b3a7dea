/** The kernels in WebAssembly with 128-bit vectors, for one thread: an instance and its memory are not shared. */
import type { Kernels } from './kernels.ts';
import { simdDistances } from './simd/distances.ts';
import { kernelExports } from './simd/kernel-exports.ts';
import { simdMemory } from './simd/memory.ts';
import { simdOrderStatistics } from './simd/order-statistics.ts';
import { widthOf } from './width.ts';

/** Kernels over a memory of their own, empty until `reserve`. Offsets that reach outside throw `RangeError`. */
export function simdKernels(): Kernels {
  const memory = simdMemory();
  const wasm = kernelExports(memory.wasm);
  const wide = (offset: number, count: number): number => memory.at(offset, count * 8);
  return {
    bytes: () => memory.bytes(),
    reserve: (byteLength) => memory.reserve(byteLength),

    accumulate(dtype, acc, x, count, coefficient) {
      const source = memory.at(x, count * widthOf(dtype));
      wasm[`accumulate${dtype}`](wide(acc, count), source, count, coefficient);
    },
    accumulateFour(dtype, acc, [x0, x1, x2, x3], count, [c0, c1, c2, c3]) {
      const bytes = count * widthOf(dtype);
      for (const x of [x0, x1, x2, x3]) memory.at(x, bytes);
      wasm[`accumulateFour${dtype}`](wide(acc, count), x0, x1, x2, x3, count, c0, c1, c2, c3);
    },
    divide: (acc, count, divisor) => wasm.divide(wide(acc, count), count, divisor),

    accumulateExact(dtype, high, low, x, count, weight) {
      const source = memory.at(x, count * widthOf(dtype));
      return (
        wasm[`accumulateExact${dtype}`](wide(high, count), wide(low, count), source, count, weight) === 1
      );
    },
    accumulateExactFour(dtype, high, low, [x0, x1, x2, x3], count, [w0, w1, w2, w3]) {
      const bytes = count * widthOf(dtype);
      for (const x of [x0, x1, x2, x3]) memory.at(x, bytes);
      const limbs = [wide(high, count), wide(low, count)] as const;
      return wasm[`accumulateExactFour${dtype}`](...limbs, x0, x1, x2, x3, count, w0, w1, w2, w3) === 1;
    },
    mergeExact(highA, lowA, highB, lowB, count) {
      for (const limbs of [highA, lowA, highB, lowB]) wide(limbs, count);
      return wasm.mergeExact(highA, lowA, highB, lowB, count) === 1;
    },
    finishExact: (acc, high, low, count, divisor) =>
      wasm.finishExact(wide(acc, count), wide(high, count), wide(low, count), count, divisor),

    checkedSquares(dtype, x, count) {
      const squares = wasm[`checkedSquares${dtype}`](memory.at(x, count * widthOf(dtype)), count);
      return squares === -1 ? { finite: false, squares: Number.NaN } : { finite: true, squares };
    },
    product(dtype, a, b, count) {
      const bytes = count * widthOf(dtype);
      return wasm[`product${dtype}`](memory.at(a, bytes), memory.at(b, bytes), count);
    },
    ...simdDistances(memory, wasm),
    ...simdOrderStatistics(memory, wasm),

    addStep(dtype, base, step, count, out) {
      const bytes = count * widthOf(dtype);
      return (
        wasm[`addStep${dtype}`](memory.at(base, bytes), wide(step, count), count, memory.at(out, bytes)) === 1
      );
    },
    addModulo(bits, acc, rows, count) {
      const bytes = (count * bits) / 8;
      const sums = memory.at(acc, bytes);
      const places = rows.map((row) => memory.at(row, bytes));
      let at = 0;
      for (; at + 8 <= places.length; at += 8) {
        wasm[`addModuloEight${bits}`](sums, ...places.slice(at, at + 8), count);
      }
      for (const place of places.slice(at)) wasm[`addModulo${bits}`](sums, place, count);
    },
  };
}
