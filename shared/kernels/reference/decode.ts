/** Elements of any dtype as float64, exactly, a few thousand at a time. */
import type { FloatDtype } from '../kernels.ts';
import { widthOf } from '../width.ts';
import type { ReferenceMemory } from './memory.ts';

const CHUNK_ELEMENTS = 4_096;

/** Calls `visit` with successive pieces of `count` elements at `offset`; `values` is overwritten by the next piece. */
export function eachChunk(
  memory: ReferenceMemory,
  dtype: FloatDtype,
  offset: number,
  count: number,
  visit: (values: Float64Array, start: number) => void,
): void {
  const scratch = new Float64Array(Math.min(count, CHUNK_ELEMENTS));
  for (let start = 0; start < count; start += CHUNK_ELEMENTS) {
    const values = scratch.subarray(0, Math.min(CHUNK_ELEMENTS, count - start));
    decode(memory, dtype, offset + start * widthOf(dtype), values);
    visit(values, start);
  }
}

/** Fills `into` with the elements from `offset` on. */
export function decode(memory: ReferenceMemory, dtype: FloatDtype, offset: number, into: Float64Array): void {
  const count = into.length;
  switch (dtype) {
    case 'F64':
      return into.set(memory.floats64(offset, count));
    case 'F32':
      return into.set(memory.floats32(offset, count));
    case 'F16': {
      const bits = memory.halves(offset, count);
      for (let i = 0; i < count; i++) into[i] = fromF16(Number(bits[i]));
      return;
    }
    case 'BF16': {
      const bits = memory.halves(offset, count);
      for (let i = 0; i < count; i++) into[i] = fromBf16(Number(bits[i]));
      return;
    }
  }
}

const value32 = new Float32Array(1);
const bits32 = new Uint32Array(value32.buffer);

/** The value of IEEE 754 binary16 bits. */
export function fromF16(bits: number): number {
  const magnitude = bits & 0x7fff;
  // As a float32 whose exponent is 112 too small; exact, because a subnormal of binary16 is one of float32 as well.
  bits32[0] = magnitude << 13;
  const value =
    magnitude < 0x7c00 ? Number(value32[0]) * 2 ** 112 : magnitude > 0x7c00 ? Number.NaN : Infinity;
  return bits & 0x8000 ? -value : value;
}

/** The value of bfloat16 bits: the upper half of a float32. */
export function fromBf16(bits: number): number {
  bits32[0] = bits << 16;
  return Number(value32[0]);
}
