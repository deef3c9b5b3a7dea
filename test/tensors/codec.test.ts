import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dtype } from '../../shared/contracts/tensor-schema.ts';
import { addIntegers, subtract } from '../../shared/tensors/arithmetic.ts';
import { decodeDeltas, decodeFloats, encodeFloats } from '../../shared/tensors/codec.ts';
import { elementBytes, isFloat } from '../../shared/tensors/dtypes.ts';

const floats: Dtype[] = ['F64', 'F32', 'F16', 'BF16'];
const integers: [Dtype, number, boolean][] = [
  ['I64', 64, true],
  ['I32', 32, true],
  ['I16', 16, true],
  ['I8', 8, true],
  ['U64', 64, false],
  ['U32', 32, false],
  ['U16', 16, false],
  ['U8', 8, false],
];

function floatsOf(dtype: Dtype, bytes: Uint8Array): number[] {
  const target = new Float64Array(bytes.length / elementBytes(dtype));
  decodeFloats(dtype, bytes, target, 0);
  return [...target];
}

function deltasOf(dtype: Dtype, bytes: Uint8Array): number[] {
  const target = new Float64Array(bytes.length / elementBytes(dtype));
  decodeDeltas(dtype, bytes, target, 0);
  return [...target];
}

/** Little-endian two's complement. */
function encodeIntegers(bits: number, ...values: bigint[]): Buffer {
  const bytes = values.flatMap((value) =>
    Array.from({ length: bits / 8 }, (_, i) => Number(BigInt.asUintN(8, value >> BigInt(8 * i)))),
  );
  return Buffer.from(bytes);
}

describe.each(floats)('%s', (dtype) => {
  it('decodes what it encodes, at any alignment', () => {
    const values = [0, -0, 1, -1.5, 0.25, 192, Number.POSITIVE_INFINITY];
    const bytes = encodeFloats(dtype, Float64Array.from(values));
    expect(bytes.length).toBe(values.length * elementBytes(dtype));
    for (let shift = 0; shift < 8; shift++) {
      const moved = Buffer.alloc(bytes.length + 16).subarray(shift, shift + bytes.length);
      moved.set(bytes);
      expect(floatsOf(dtype, moved)).toEqual(values);
    }
  });

  it('has the differences between what was trained and the base', () => {
    const [base, trained] = [
      [1, -2, 0.5],
      [1.5, -2, -0.25],
    ].map((v) => encodeFloats(dtype, Float64Array.from(v)));
    const delta = subtract(dtype, trained ?? Buffer.alloc(0), base ?? Buffer.alloc(0));
    expect(floatsOf(dtype, delta)).toEqual([0.5, 0, -0.75]);
  });
});

it('float32 differences are computed in float64 and rounded once', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), fc.float({ noNaN: true }), (a, b) => {
      const [trained, base] = [
        encodeFloats('F32', Float64Array.of(a)),
        encodeFloats('F32', Float64Array.of(b)),
      ];
      expect(floatsOf('F32', subtract('F32', trained, base))[0]).toBe(Math.fround(a - b));
    }),
  );
});

describe.each(integers)('%s', (dtype, bits, signed) => {
  const any = fc.bigInt(signed ? -(2n ** BigInt(bits - 1)) : 0n, 2n ** BigInt(signed ? bits - 1 : bits) - 1n);

  it('differences are exact modulo the width, whatever their sign', () => {
    fc.assert(
      fc.property(any, any, (trained, base) => {
        const delta = subtract(dtype, encodeIntegers(bits, trained), encodeIntegers(bits, base));
        expect(delta.equals(encodeIntegers(bits, trained - base))).toBe(true);
        expect(deltasOf(dtype, delta)[0]).toBe(Number(BigInt.asIntN(bits, trained - base)));
      }),
    );
  });

  it('a lone difference is added back exactly where float64 holds it', () => {
    fc.assert(
      fc.property(any, fc.bigInt(-(2n ** 53n), 2n ** 53n), (base, wide) => {
        const step = BigInt.asIntN(bits, wide);
        const after = addIntegers(dtype, encodeIntegers(bits, base), Float64Array.of(Number(step)));
        expect(after.equals(encodeIntegers(bits, base + step))).toBe(true);
      }),
    );
  });

  it('a mean is rounded to the nearest whole number, ties to even', () => {
    const steps = [0.5, 1.5, 2.5, -0.5, -1.5, 0.49, 0.51, -0.51];
    const base = encodeIntegers(bits, ...steps.map(() => 10n));
    const after = addIntegers(dtype, base, Float64Array.from(steps));
    expect(after.equals(encodeIntegers(bits, 10n, 12n, 12n, 10n, 8n, 10n, 11n, 9n))).toBe(true);
  });
});

it('booleans stay booleans whatever a delta says', () => {
  const base = Buffer.from([0, 1, 0, 1, 1, 0]);
  const step = Float64Array.of(1, -1, 5, 100, -0.5, 0.5);
  expect([...addIntegers('BOOL', base, step)]).toEqual([1, 0, 1, 1, 1, 0]);
  expect(deltasOf('BOOL', subtract('BOOL', Buffer.from([1, 0, 1]), Buffer.from([0, 1, 1])))).toEqual([
    1, -1, 0,
  ]);
});

it('floats and integers are not taken for each other', () => {
  expect(isFloat('BF16')).toBe(true);
  expect(isFloat('BOOL')).toBe(false);
  const target = new Float64Array(1);
  expect(() => decodeFloats('I32', Buffer.alloc(4), target, 0)).toThrow(TypeError);
  expect(() => decodeDeltas('F32', Buffer.alloc(4), target, 0)).toThrow(TypeError);
  expect(() => encodeFloats('U8', target)).toThrow(TypeError);
});
