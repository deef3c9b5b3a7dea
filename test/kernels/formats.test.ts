import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FloatDtype, Kernels } from '../../shared/kernels/kernels.ts';
import { fromBf16, fromF16, toBf16, toF16 } from '../../shared/tensors/half.ts';
import { Arena, FLOAT_DTYPES, widthOf } from './arrays.ts';
import { BOTH } from './both.ts';
import { elements } from './elements.ts';

const ALL_CODES = Uint16Array.from({ length: 65_536 }, (_, code) => code);
const CODECS = {
  F16: { decode: fromF16, encode: toF16, largest: 65_504, halfStepAbove: 65_520 },
  BF16: {
    decode: fromBf16,
    encode: toBf16,
    largest: 255 * 2 ** 120,
    halfStepAbove: 511 * 2 ** 119,
  },
} as const;

function stepped(
  kernels: Kernels,
  dtype: FloatDtype,
  base: Float64Array | Float32Array | Uint16Array,
  step: Float64Array,
): { finite: boolean; bytes: Uint8Array<ArrayBuffer> } {
  const arena = new Arena(kernels);
  const [from, by, to] = [arena.put(base), arena.put(step), arena.room(base.byteLength)];
  const finite = kernels.addStep(dtype, from, by, step.length, to);
  return { finite, bytes: arena.read(to, base.byteLength) };
}

describe.each(BOTH)('%s', (_, newKernels) => {
  test.each(['F16', 'BF16'] as const)('decodes every finite %s code exactly', (dtype) => {
    const { decode } = CODECS[dtype];
    const codes = ALL_CODES.filter((code) => Number.isFinite(decode(code)));
    const kernels = newKernels();
    const arena = new Arena(kernels);
    const [x, acc] = [arena.put(codes), arena.put(new Float64Array(codes.length).fill(-0))];
    kernels.accumulate(dtype, acc, x, codes.length, 1);
    expect(arena.floats64(acc, codes.length)).toEqual(Float64Array.from(codes, decode));
  });

  test.each(['F16', 'BF16'] as const)('sees that each infinite or NaN %s code is not finite', (dtype) => {
    const { decode } = CODECS[dtype];
    const kernels = newKernels();
    const arena = new Arena(kernels);
    for (const at of [0, 3, 6, 8]) {
      const x = arena.room(9 * 2);
      for (const code of [0x7c00, 0xfc00, 0x7c01, 0xffff, 0x7f80, 0xff80, 0x7fc0, 0x7bff, 0x7f7f]) {
        const values = new Uint16Array(9).fill(dtype === 'F16' ? 0x3c00 : 0x3f80);
        values[at] = code;
        kernels.bytes().set(new Uint8Array(values.buffer), x);
        const { finite, squares } = kernels.checkedSquares(dtype, x, 9);
        expect(finite).toBe(Number.isFinite(decode(code)));
        if (finite) expect(squares).toBe(8 + decode(code) ** 2);
      }
    }
  });

  test.each(['F64', 'F32'] as const)('sees a NaN or an infinity anywhere among %s elements', (dtype) => {
    const kernels = newKernels();
    const arena = new Arena(kernels);
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      for (let at = 0; at < 11; at++) {
        const values = new Float64Array(11).fill(2);
        values[at] = bad;
        expect(kernels.checkedSquares(dtype, arena.put(elements(dtype, values)), 11).finite).toBe(false);
      }
    }
    const none = arena.put(elements(dtype, new Float64Array(11).fill(2)));
    expect(kernels.checkedSquares(dtype, none, 11)).toEqual({ finite: true, squares: 44 });
  });

  test.each(['F16', 'BF16'] as const)('rounds steps onto %s once, ties to even', (dtype) => {
    const { encode, decode, largest } = CODECS[dtype];
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 0xffff }).filter((code) => Number.isFinite(decode(code))),
            fc.oneof(
              fc.double({ min: -largest / 4, max: largest / 4, noNaN: true }),
              fc.double({ min: -1, max: 1, noNaN: true }),
              fc.constantFrom(0, -0, 2 ** -25, 3 * 2 ** -25, 2 ** -134, 2 ** -11, 2 ** -8, 1 + 2 ** -11),
            ),
          ),
          { minLength: 1, maxLength: 40 },
        ),
        (pairs) => {
          const base = Uint16Array.from(pairs, ([code]) => code);
          const sums = pairs.map(([code, step]) => decode(code) + step);
          const { finite, bytes } = stepped(
            newKernels(),
            dtype,
            base,
            Float64Array.from(pairs, ([, step]) => step),
          );
          expect(finite).toBe(sums.every((sum) => Number.isFinite(decode(encode(sum)))));
          if (finite) expect(new Uint16Array(bytes.buffer)).toEqual(Uint16Array.from(sums, encode));
        },
      ),
      { numRuns: 150, seed: 20 },
    );
  });

  test.each(['F16', 'BF16'] as const)('puts every midpoint between two %s codes on the even one', (dtype) => {
    const { decode } = CODECS[dtype];
    const codes = ALL_CODES.filter((code) => code < 0x7fff && Number.isFinite(decode(code + 1)));
    const middles = Float64Array.from(codes, (code) => (decode(code) + decode(code + 1)) / 2);
    const { finite, bytes } = stepped(newKernels(), dtype, new Uint16Array(codes.length), middles);
    expect(finite).toBe(true);
    expect(new Uint16Array(bytes.buffer)).toEqual(codes.map((code) => code + (code & 1)));
  });

  test.each(['F16', 'BF16'] as const)(
    'reports %s overflow from half a step above the largest on',
    (dtype) => {
      const { largest, halfStepAbove } = CODECS[dtype];
      for (const at of [0, 3, 4, 6]) {
        for (const sign of [1, -1]) {
          const step = new Float64Array(7);
          step[at] = sign * halfStepAbove;
          expect(stepped(newKernels(), dtype, new Uint16Array(7), step).finite).toBe(false);
          step[at] = sign * halfStepAbove * (1 - 2 ** -52);
          const below = stepped(newKernels(), dtype, new Uint16Array(7), step);
          expect(below.finite).toBe(true);
          expect(CODECS[dtype].decode(new Uint16Array(below.bytes.buffer)[at] ?? 0)).toBe(sign * largest);
        }
      }
    },
  );

  test.each(FLOAT_DTYPES)('reports a NaN, an infinite base and an infinite step on %s', (dtype) => {
    for (const at of [0, 1, 4, 6, 8]) {
      for (const bad of [Number.NaN, Infinity, -Infinity]) {
        const values = new Float64Array(9);
        values[at] = bad;
        const [zeros, badBase] = [elements(dtype, new Float64Array(9)), elements(dtype, values)];
        expect(stepped(newKernels(), dtype, zeros, values).finite).toBe(false);
        expect(stepped(newKernels(), dtype, badBase, new Float64Array(9)).finite).toBe(false);
      }
    }
    const fine = stepped(newKernels(), dtype, elements(dtype, [1, 2, 3]), Float64Array.of(1, 1, 1));
    expect(fine).toEqual({
      finite: true,
      bytes: new Uint8Array(elements(dtype, [2, 3, 4]).buffer, 0, 3 * widthOf(dtype)),
    });
  });

  test('reports float32 and float64 sums that overflow', () => {
    const largest = Math.fround(3.4028234663852886e38);
    expect(stepped(newKernels(), 'F32', Float32Array.of(largest), Float64Array.of(1e31)).finite).toBe(true);
    expect(stepped(newKernels(), 'F32', Float32Array.of(largest), Float64Array.of(2e31)).finite).toBe(false);
    expect(stepped(newKernels(), 'F64', Float64Array.of(1.7e308), Float64Array.of(1.7e308)).finite).toBe(
      false,
    );
  });
});
