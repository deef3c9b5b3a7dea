/**
 * Elements of tensors read and written one by one, by definition rather than by speed: what the product's codecs and
 * kernels are held against.
 */
import type { Dtype } from '../../shared/contracts/tensor-schema.ts';

export const widths: Readonly<Record<Dtype, 1 | 2 | 4 | 8>> = {
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

export function isFloat(dtype: Dtype): boolean {
  return dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

export function readFloat(dtype: Dtype, bytes: Buffer, at: number): number {
  switch (dtype) {
    case 'F64':
      return bytes.readDoubleLE(at);
    case 'F32':
      return bytes.readFloatLE(at);
    case 'F16':
      return small(bytes.readUInt16LE(at), 5);
    case 'BF16':
      return small(bytes.readUInt16LE(at), 8);
    default:
      throw new Error(`${dtype} is no float`);
  }
}

export function writeFloat(dtype: Dtype, bytes: Buffer, at: number, value: number): void {
  switch (dtype) {
    case 'F64':
      bytes.writeDoubleLE(value, at);
      break;
    case 'F32':
      bytes.writeFloatLE(Math.fround(value), at);
      break;
    case 'F16':
      bytes.writeUInt16LE(nearest(value, 5), at);
      break;
    case 'BF16':
      bytes.writeUInt16LE(nearest(value, 8), at);
      break;
    default:
      throw new Error(`${dtype} is no float`);
  }
}

/** The value of 16 bits with so many exponent bits, by IEEE 754. */
function small(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> fractionBits;
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1)
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** Codes grow with the magnitude: a binary search finds the neighbours, and a comparison the nearer, ties to even. */
function nearest(value: number, exponentBits: number): number {
  const magnitude = Math.abs(value);
  const infinity = (2 ** exponentBits - 1) << (15 - exponentBits);
  let [low, high] = [0, infinity];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (small(middle, exponentBits) <= magnitude) low = middle;
    else high = middle;
  }
  const below = small(low, exponentBits);
  // Beyond the greatest number the next would be as far away as the one before.
  const above = high === infinity ? 2 * below - small(low - 1, exponentBits) : small(high, exponentBits);
  const [down, up] = [magnitude - below, above - magnitude];
  const code = down < up || (down === up && low % 2 === 0) ? low : high;
  return (value < 0 || Object.is(value, -0) ? 0x8000 : 0) | code;
}

export function readInteger(dtype: Dtype, bytes: Buffer, at: number, signed: boolean): bigint {
  const width = widths[dtype];
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return signed ? BigInt.asIntN(8 * width, value) : value;
}

export function writeInteger(dtype: Dtype, bytes: Buffer, at: number, value: bigint): void {
  let rest = BigInt.asUintN(8 * widths[dtype], value);
  for (let i = 0; i < widths[dtype]; i++) {
    bytes[at + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}
