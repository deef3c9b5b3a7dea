import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dtype, TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { checkTensors } from '../../shared/tensors/check-tensors.ts';
import { encodeFloats } from '../../shared/tensors/codec.ts';

function floats(dtype: Dtype, ...values: number[]): Buffer {
  return encodeFloats(dtype, Float64Array.from(values));
}

const one = (dtype: Dtype, count: number): TensorSchema => [{ name: 't', dtype, shape: [count] }];

function check(schema: TensorSchema, data: Uint8Array, size = data.length || 1) {
  const inspection = checkTensors(schema);
  for (let at = 0; at < data.length; at += size) inspection.add(data.subarray(at, at + size));
  return inspection.report();
}

describe.each<Dtype>(['F64', 'F32', 'F16', 'BF16'])('%s', (dtype) => {
  it('has a norm and a largest magnitude', () => {
    const report = check(one(dtype, 4), floats(dtype, 1, -2, 4, -10));
    expect(report).toMatchObject({ notFinite: undefined, norm: 11, maxAbs: 10 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('shows a %d anywhere', (bad) => {
    for (let at = 0; at < 5; at++) {
      const values = [1, 2, 3, 4, 5];
      values[at] = bad;
      expect(check(one(dtype, 5), floats(dtype, ...values)).notFinite).toBe('t');
    }
  });

  it('takes negative zero and subnormals as they are', () => {
    const tiny = dtype === 'F16' ? 2 ** -24 : 1e-39;
    expect(check(one(dtype, 2), floats(dtype, -0, tiny)).notFinite).toBeUndefined();
  });
});

it('finite float64 numbers whose squares overflow are finite, with an infinite norm', () => {
  expect(check(one('F64', 2), floats('F64', 1e200, -1e200))).toMatchObject({
    notFinite: undefined,
    norm: Number.POSITIVE_INFINITY,
    maxAbs: 1e200,
  });
  expect(check(one('F64', 3), floats('F64', 1e200, 1e200, Number.NaN)).notFinite).toBe('t');
});

it('integers have no norm and every pattern of bits', () => {
  const schema: TensorSchema = [
    { name: 'n', dtype: 'I64', shape: [2] },
    { name: 'w', dtype: 'F32', shape: [1] },
  ];
  const report = check(schema, Buffer.concat([Buffer.alloc(16, 0xff), floats('F32', 2)]));
  expect(report).toMatchObject({ notFinite: undefined, norm: 2, maxAbs: 2 });
  expect(report.tensors).toEqual([
    { name: 'n', norm: 0, maxAbs: 0 },
    { name: 'w', norm: 2, maxAbs: 2 },
  ]);
});

it('names the first tensor that is not finite, and passes over empty ones', () => {
  const schema: TensorSchema = [
    { name: 'none', dtype: 'F32', shape: [0] },
    { name: 'a', dtype: 'F32', shape: [1] },
    { name: 'nil', dtype: 'F64', shape: [3, 0] },
    { name: 'b', dtype: 'F16', shape: [] },
    { name: 'c', dtype: 'F32', shape: [1] },
    { name: 'end', dtype: 'U8', shape: [0] },
  ];
  const data = Buffer.concat([floats('F32', 1), floats('F16', Number.NaN), floats('F32', Number.NaN)]);
  expect(check(schema, data).notFinite).toBe('b');
});

it('figures do not depend on how the stream was cut, even within elements', () => {
  const schema: TensorSchema = [
    { name: 'odd', dtype: 'U8', shape: [3] },
    { name: 'd', dtype: 'F64', shape: [7] },
    { name: 'h', dtype: 'BF16', shape: [5] },
    { name: 'f', dtype: 'F32', shape: [20_000] },
  ];
  const data = Buffer.concat([
    Buffer.from([1, 2, 3]),
    floats('F64', 0.1, 0.2, 0.3, -0.4, 0.5, 0.6, 0.7),
    floats('BF16', 1, 2, 3, 4, 5),
    floats('F32', ...Array.from({ length: 20_000 }, (_, i) => Math.sin(i))),
  ]);
  const whole = check(schema, data);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), (size) => {
      expect(check(schema, data, size)).toEqual(whole);
    }),
    { numRuns: 30 },
  );
  expect(check(schema, data, 1)).toEqual(whole);
});

it('more data than the schema has is a mistake of the caller', () => {
  expect(() => check(one('U8', 1), Buffer.alloc(2))).toThrow(RangeError);
});

it('a model without tensors has nothing to look at, and takes no data', () => {
  const inspection = checkTensors([]);
  expect(inspection.report()).toEqual({ notFinite: undefined, norm: 0, maxAbs: 0, tensors: [] });
  expect(() => inspection.add(Buffer.alloc(1))).toThrow('More data than the schema has.');
});
