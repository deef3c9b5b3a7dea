/**
 * The two places where models and updates meet: an update is `trained - base`, the next model `base + step`. Both
 * work through a few thousand elements at a time, so that float64 copies of a large block are never made.
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
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) - (subtrahend[i] ?? 0);
    });
  }
  const kind = integerOf(dtype);
  const [minuend, subtrahend] = [integersOf(trained, kind), integersOf(base, kind)];
  return kind.bits === 64
    ? wideIntegers(minuend.length, (i) => BigInt(minuend[i] ?? 0) - BigInt(subtrahend[i] ?? 0))
    : narrowIntegers(kind.bits, minuend.length, (i) => Number(minuend[i]) - Number(subtrahend[i]));
}

/**
 * `base + step` element by element, where `step` is a strategy's result. Floats are summed in float64 and rounded
 * once to the dtype. Integers take the step rounded to a whole number, ties to even, and wrap modulo 2^bits;
 * booleans are limited to 0 and 1. Undefined when a float does not fit its dtype.
 */
export function applyStep(dtype: Dtype, base: Uint8Array, step: Float64Array): Buffer | undefined {
  if (isFloat(dtype)) {
    const next = mapFloats(dtype, base, (values, start) => {
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) + (step[start + i] ?? 0);
    });
    return allFinite(dtype, next) ? next : undefined;
  }
  const kind = integerOf(dtype);
  const before = integersOf(base, kind);
  if (kind.bits === 64) {
    return wideIntegers(step.length, (i) => BigInt(before[i] ?? 0) + BigInt(roundToEven(step[i] ?? 0)));
  }
  return narrowIntegers(kind.bits, step.length, (i) => {
    const after = Number(before[i]) + roundToEven(step[i] ?? 0);
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

function allFinite(dtype: Dtype, bytes: Buffer): boolean {
  const size = elementBytes(dtype);
  const values = new Float64Array(CHUNK_ELEMENTS);
  for (let at = 0; at < bytes.length; at += CHUNK_ELEMENTS * size) {
    const part = bytes.subarray(at, at + CHUNK_ELEMENTS * size);
    decodeFloats(dtype, part, values, 0);
    // A NaN or an infinity times zero is NaN, and so is every sum that it enters.
    let zero = 0;
    for (let i = 0; i < part.length / size; i++) zero += (values[i] ?? 0) * 0;
    if (Number.isNaN(zero)) return false;
  }
  return true;
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
