/** What each dtype is. A BOOL is a byte that is 0 or 1. */
import type { Dtype } from '../contracts/tensor-schema.ts';

export interface Integer {
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

/** Width and sign of an integer dtype; throws for a float. */
export function integerOf(dtype: Dtype): Integer {
  const found = INTEGERS[dtype];
  if (found === undefined) throw new TypeError(`${dtype} is not an integer dtype.`);
  return found;
}
