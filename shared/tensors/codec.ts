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
import { elementBytes, type Integer, integerOf } from './dtypes.ts';
import { fromBf16, fromF16, toBf16, toF16 } from './half.ts';

if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
  throw new Error('Tensors are little-endian; this machine is not.');
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
    for (let i = 0; i < count; i++) target[at + i] = Number(f16Values[Number(codes[i])]);
  } else if (dtype === 'BF16') {
    const codes = new Uint16Array(buffer, byteOffset, count);
    for (let i = 0; i < count; i++) target[at + i] = fromBf16(Number(codes[i]));
  } else {
    throw new TypeError(`${dtype} is not a float dtype.`);
  }
}

/** Float elements from float64, each rounded once to nearest, ties to even. */
export function encodeFloats(dtype: Dtype, values: Float64Array): Buffer {
  if (dtype === 'F64') return Buffer.from(new Float64Array(values).buffer);
  if (dtype === 'F32') return Buffer.from(new Float32Array(values).buffer);
  if (dtype === 'F16' || dtype === 'BF16') {
    const toCode = dtype === 'F16' ? toF16 : toBf16;
    const codes = new Uint16Array(values.length);
    for (let i = 0; i < codes.length; i++) codes[i] = toCode(Number(values[i]));
    return Buffer.from(codes.buffer);
  }
  throw new TypeError(`${dtype} is not a float dtype.`);
}

/** Integer elements as their dtype says, or as the width and sign given. */
export function integersOf(bytes: Uint8Array, { bits, signed }: Integer): ArrayLike<number | bigint> {
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
  const values = integersOf(bytes, { bits: integerOf(dtype).bits, signed: true });
  for (let i = 0; i < values.length; i++) target[at + i] = Number(values[i]);
}
