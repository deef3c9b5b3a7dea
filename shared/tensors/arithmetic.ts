/**
 * Where models and updates meet outside the kernels: an update is `trained - base`, and integers of the next model are
 * `base + step`. Floats are worked through a few thousand at a time, so that no float64 copy of a large block is made.
 */
import type { Dtype } from '../contracts/tensor-schema.ts';
import { decodeFloats, encodeFloats, integersOf } from './codec.ts';
import { elementBytes, integerOf, isFloat } from './dtypes.ts';

const CHUNK_ELEMENTS = 8_192;

/** `trained - base` element by element: floats rounded once to the dtype, integers exact modulo 2^bits. */
export function subtract(dtype: Dtype, trained: Uint8Array, base: Uint8Array): Buffer {
  if (isFloat(dtype)) {
    const subtrahend = new Float64Array(CHUNK_ELEMENTS);
    return mapFloats(dtype, trained, (values, start) => {
      const from = start * elementBytes(dtype);
      decodeFloats(dtype, base.subarray(from, from + values.length * elementBytes(dtype)), subtrahend, 0);
      for (let i = 0; i < values.length; i++) values[i] = Number(values[i]) - Number(subtrahend[i]);
    });
  }
  const kind = integerOf(dtype);
  const [minuend, subtrahend] = [integersOf(trained, kind), integersOf(base, kind)];
  return kind.bits === 64
    ? wideIntegers(minuend.length, (i) => BigInt(minuend[i] as bigint) - BigInt(subtrahend[i] as bigint))
    : narrowIntegers(kind.bits, minuend.length, (i) => Number(minuend[i]) - Number(subtrahend[i]));
}

/**
 * `base + step` of an integer or boolean tensor, where `step` is a mean: rounded to a whole number, ties to even, and
 * added modulo 2^bits; booleans are limited to 0 and 1.
 */
export function addIntegers(dtype: Dtype, base: Uint8Array, step: Float64Array): Buffer {
  const kind = integerOf(dtype);
  const before = integersOf(base, kind);
  if (kind.bits === 64) {
    return wideIntegers(
      step.length,
      (i) => BigInt(before[i] as bigint) + BigInt(roundToEven(Number(step[i]))),
    );
  }
  return narrowIntegers(kind.bits, step.length, (i) => {
    const after = Number(before[i]) + roundToEven(Number(step[i]));
    return dtype === 'BOOL' ? Number(after > 0) : after;
  });
}

/** Decodes, changes and encodes float elements chunk by chunk; `start` counts elements. */
function mapFloats(
  dtype: Dtype,
  bytes: Uint8Array,
  change: (values: Float64Array, start: number) => void,
): Buffer {
  const size = elementBytes(dtype);
  const result = Buffer.allocUnsafe(bytes.length);
  const scratch = new Float64Array(CHUNK_ELEMENTS);
  for (let at = 0; at < bytes.length; at += CHUNK_ELEMENTS * size) {
    const part = bytes.subarray(at, at + CHUNK_ELEMENTS * size);
    const values = scratch.subarray(0, part.length / size);
    decodeFloats(dtype, part, values, 0);
    change(values, at / size);
    result.set(encodeFloats(dtype, values), at);
  }
  return result;
}

/** The nearest whole number, ties to even. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Storing into an unsigned array takes a whole number modulo 2^bits. */
function narrowIntegers(bits: 8 | 16 | 32, count: number, element: (index: number) => number): Buffer {
  const values =
    bits === 8 ? new Uint8Array(count) : bits === 16 ? new Uint16Array(count) : new Uint32Array(count);
  for (let i = 0; i < count; i++) values[i] = element(i);
  return Buffer.from(values.buffer);
}

function wideIntegers(count: number, element: (index: number) => bigint): Buffer {
  const values = new BigUint64Array(count);
  for (let i = 0; i < count; i++) values[i] = BigInt.asUintN(64, element(i));
  return Buffer.from(values.buffer);
}
