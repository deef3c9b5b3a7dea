/**
 * Elements of every dtype as float64 and back. Tensors are little-endian on disk, and so is every machine that
 * this runs on (checked once below).
 *
 * Two readings of an integer:
 * - a value is what its dtype says;
 * - a delta is a difference taken modulo 2^bits and read as signed, so the difference of two unsigned numbers has
 *   a form in their own dtype, and `base + delta` modulo 2^bits is exact.
 */
import type { Dtype } from '../contracts/tensor-schema.ts';
import { fromBf16, fromF16, toBf16, toF16 } from './half.ts';

if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
  throw new Error('Tensors are little-endian; this machine is not.');
}

interface Integer {
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
}

const INTEGERS: Partial<Record<Dtype, Integer>> = {
  I64: { bits: 64, signed: true },
  I32: { bits: 32, signed: true },
  I16: { bits: 16, signed: true },
  I8: { bits: 8, signed: true },
  U64: { bits: 64, signed: false },
  U32: { bits: 32, signed: false },
  U16: { bits: 16, signed: false },
  U8: { bits: 8, signed: false },
  BOOL: { bits: 8, signed: false },
};

const BYTES: Readonly<Record<Dtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** Bytes of one element. */
export function elementBytes(dtype: Dtype): number {
  return BYTES[dtype];
}

/** Floats are checked and averaged as real numbers; integers and booleans are counted exactly. */
export function isFloat(dtype: Dtype): boolean {
  return INTEGERS[dtype] === undefined;
}

/** The bytes at an address that typed arrays accept: as they are, or copied. */
function aligned(bytes: Uint8Array, to: number): { buffer: ArrayBufferLike; byteOffset: number } {
  return bytes.byteOffset % to === 0 ? bytes : { buffer: new Uint8Array(bytes).buffer, byteOffset: 0 };
}

let f16Values: Float64Array | undefined;

/**
 * Float elements as float64, into `target` from `at`; exact. `bytes` holds whole elements.
 */
export function decodeFloats(dtype: Dtype, bytes: Uint8Array, target: Float64Array, at: number): void {
  const size = elementBytes(dtype);
  const count = bytes.length / size;
  const { buffer, byteOffset } = aligned(bytes, size);
  if (dtype === 'F64') {
    target.set(new Float64Array(buffer, byteOffset, count), at);
  } else if (dtype === 'F32') {
    target.set(new Float32Array(buffer, byteOffset, count), at);
  } else if (dtype === 'F16') {
    f16Values ??= Float64Array.from({ length: 65_536 }, (_, bits) => fromF16(bits));
    const codes = new Uint16Array(buffer, byteOffset, count);
    for (let i = 0; i < count; i++) target[at + i] = f16Values[codes[i] ?? 0] ?? 0;
  } else if (dtype === 'BF16') {
    const codes = new Uint16Array(buffer, byteOffset, count);
    for (let i = 0; i < count; i++) target[at + i] = fromBf16(codes[i] ?? 0);
  } else {
    throw new TypeError(`${dtype} is not a float dtype.`);
  }
}

/** Float elements from float64, each rounded once to nearest, ties to even. */
export function encodeFloats(dtype: Dtype, values: Float64Array): Buffer {
  if (dtype === 'F64') return Buffer.from(Float64Array.from(values).buffer);
  if (dtype === 'F32') return Buffer.from(Float32Array.from(values).buffer);
  if (dtype === 'F16') return Buffer.from(Uint16Array.from(values, toF16).buffer);
  if (dtype === 'BF16') return Buffer.from(Uint16Array.from(values, toBf16).buffer);
  throw new TypeError(`${dtype} is not a float dtype.`);
}

function integer(dtype: Dtype): Integer {
  const found = INTEGERS[dtype];
  if (found === undefined) throw new TypeError(`${dtype} is not an integer dtype.`);
  return found;
}

function integersOf(bytes: Uint8Array, { bits, signed }: Integer): ArrayLike<number | bigint> {
  const count = (bytes.length * 8) / bits;
  const { buffer, byteOffset } = aligned(bytes, bits / 8);
  switch (bits) {
    case 8:
      return signed ? new Int8Array(buffer, byteOffset, count) : new Uint8Array(buffer, byteOffset, count);
    case 16:
      return signed ? new Int16Array(buffer, byteOffset, count) : new Uint16Array(buffer, byteOffset, count);
    case 32:
      return signed ? new Int32Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count);
    case 64:
      return signed
        ? new BigInt64Array(buffer, byteOffset, count)
        : new BigUint64Array(buffer, byteOffset, count);
  }
}

/** Integer deltas (see above) as float64, into `target` from `at`; exact up to 2^53. */
export function decodeDeltas(dtype: Dtype, bytes: Uint8Array, target: Float64Array, at: number): void {
  const values = integersOf(bytes, { bits: integer(dtype).bits, signed: true });
  for (let i = 0; i < values.length; i++) target[at + i] = Number(values[i]);
}

/** `trained - base` element by element: floats rounded once to the dtype, integers exact modulo 2^bits. */
export function subtract(dtype: Dtype, trained: Uint8Array, base: Uint8Array): Buffer {
  const count = trained.length / elementBytes(dtype);
  if (isFloat(dtype)) {
    const difference = new Float64Array(count);
    const other = new Float64Array(count);
    decodeFloats(dtype, trained, difference, 0);
    decodeFloats(dtype, base, other, 0);
    for (let i = 0; i < count; i++) difference[i] = (difference[i] ?? 0) - (other[i] ?? 0);
    return encodeFloats(dtype, difference);
  }
  const kind = integer(dtype);
  const [minuend, subtrahend] = [integersOf(trained, kind), integersOf(base, kind)];
  return mapIntegers(kind, count, (i) => BigInt(minuend[i] ?? 0) - BigInt(subtrahend[i] ?? 0));
}

/**
 * `base + step` element by element, where `step` is a strategy's result. Floats are summed in float64 and rounded
 * once to the dtype. Integers take the step rounded to a whole number, ties to even, and wrap modulo 2^bits;
 * booleans are limited to 0 and 1.
 */
export function applyStep(dtype: Dtype, base: Uint8Array, step: Float64Array): Buffer {
  const count = step.length;
  if (isFloat(dtype)) {
    const sum = new Float64Array(count);
    decodeFloats(dtype, base, sum, 0);
    for (let i = 0; i < count; i++) sum[i] = (sum[i] ?? 0) + (step[i] ?? 0);
    return encodeFloats(dtype, sum);
  }
  const kind = integer(dtype);
  const before = integersOf(base, kind);
  return mapIntegers(kind, count, (i) => {
    const after = BigInt(before[i] ?? 0) + BigInt(roundToEven(step[i] ?? 0));
    return dtype === 'BOOL' ? BigInt(after > 0n) : after;
  });
}

/** The nearest whole number, ties to even. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function mapIntegers({ bits }: Integer, count: number, element: (index: number) => bigint): Buffer {
  const wrapped = (_: unknown, i: number): bigint => BigInt.asUintN(bits, element(i));
  if (bits === 64) return Buffer.from(BigUint64Array.from({ length: count }, wrapped).buffer);
  const narrow = (_: unknown, i: number): number => Number(wrapped(_, i));
  if (bits === 32) return Buffer.from(Uint32Array.from({ length: count }, narrow).buffer);
  if (bits === 16) return Buffer.from(Uint16Array.from({ length: count }, narrow).buffer);
  return Buffer.from(Uint8Array.from({ length: count }, narrow).buffer);
}
