import { describe, expect, it } from 'vitest';
import type { UpdateEncoding } from '../../../shared/contracts/encoding.ts';
import { updateEncoding } from '../../../shared/contracts/encoding.ts';
import type { Dtype, TensorSchema } from '../../../shared/contracts/tensor-schema.ts';
import { checkTensors } from '../../../shared/tensors/check-tensors.ts';
import { checkEncodedTensors } from '../../../shared/tensors/encoding/check-encoded.ts';
import { encodedSchema } from '../../../shared/tensors/encoding/encoded-schema.ts';
import { inspectPlaintext } from '../../../shared/tensors/inspect-plaintext.ts';
import { writeSafetensors } from '../../../shared/tensors/safetensors.ts';
import { canonicalHeader, schemaDigest } from '../../../shared/tensors/schema.ts';
import { FLOATS, randomFile, randomSchema } from '../../aggregation/sealed-set.ts';
import { below, seeded } from '../../sealing/seeded.ts';
import { ENCODINGS, travel } from './encodings.ts';

const int8: UpdateEncoding = { kind: 'int8' };
const model: TensorSchema = [
  { name: 'w', dtype: 'F32', shape: [300] },
  { name: 'control/w', dtype: 'F32', shape: [300] },
  { name: 'steps', dtype: 'I64', shape: [] },
  { name: 'scalar', dtype: 'F32', shape: [] },
  { name: 'none', dtype: 'F32', shape: [0] },
];

function inspect(options: {
  schema: TensorSchema;
  encoding: UpdateEncoding;
  plaintext: Buffer;
  cut?: () => number;
  normCap?: number;
}) {
  const { schema, encoding, plaintext, cut = () => plaintext.length, normCap } = options;
  const inspection = inspectPlaintext({
    totalBytes: plaintext.length,
    schemaDigest: schemaDigest(encodedSchema(schema, encoding)),
    expectedSchema: schema,
    encoding,
    ...(normCap !== undefined && { normCap }),
  });
  for (let at = 0; at < plaintext.length; ) {
    const end = at + cut();
    inspection.add(plaintext.subarray(at, end));
    at = end;
  }
  return inspection.finish();
}

it('encodes floats that this makes smaller, but neither control variates nor whole numbers', () => {
  expect(encodedSchema(model, int8)).toEqual([
    { name: 'w', dtype: 'U8', shape: [300 + 2 * 4] },
    ...model.slice(1),
  ]);
  const half: TensorSchema = [{ name: 'h', dtype: 'F16', shape: [64, 64] }];
  expect(encodedSchema(half, { kind: 'f16' })).toEqual(half);
  expect(encodedSchema(half, { kind: 'top-k', fraction: 0.25 })[0]).toMatchObject({ shape: [1_024 * 6] });
});

it.each([0, -0.1, 0.67, 1, Number.NaN])('there is no top-k of a fraction %d', (fraction) => {
  expect(updateEncoding.safeParse({ kind: 'top-k', fraction }).success).toBe(false);
});

describe.each(ENCODINGS)('$name', (encoding) => {
  it('is judged by what arrives, however the stream was cut', () => {
    const random = seeded(7);
    for (let i = 0; i < 12; i++) {
      const schema = randomSchema(random, { elements: 9_000, control: true });
      const update = randomFile(schema, random);
      const { sent, arrived } = travel(schema, update, encoding);
      const plain = checkTensors(schema);
      plain.add(arrived.subarray(canonicalHeader(schema).length));
      const { norm, maxAbs, tensors } = plain.report();
      for (const cut of [() => sent.length, () => 1 + below(random, 40), () => 1 + below(random, 9_000)]) {
        expect(inspect({ schema, encoding, plaintext: sent, cut })).toMatchObject({
          ok: true,
          evidence: { norm, maxAbs, tensors },
        });
      }
      if (norm > 0) {
        expect(inspect({ schema, encoding, plaintext: sent, normCap: norm })).toMatchObject({ ok: true });
        const cap = norm * (1 - 2 ** -40);
        expect(inspect({ schema, encoding, plaintext: sent, normCap: cap })).toMatchObject({
          slug: 'norm-cap',
        });
      }
    }
  });

  it.each(FLOATS)('refuses an update of %s that is not encoded where it should be', (dtype: Dtype) => {
    const schema: TensorSchema = [{ name: 'w', dtype, shape: [3_000] }];
    if (encodedSchema(schema, encoding)[0]?.dtype === dtype) return;
    const plaintext = randomFile(schema, seeded(3));
    expect(inspect({ schema, encoding, plaintext })).toMatchObject({ slug: 'tensor-schema' });
  });
});

describe('an update in int8', () => {
  const schema = model;
  const { sent } = travel(schema, randomFile(schema, seeded(5)), int8);
  const data = canonicalHeader(encodedSchema(schema, int8)).length;

  it('with a scale that is NaN is refused by the name of the tensor', () => {
    const hostile = Buffer.from(sent);
    hostile.writeFloatLE(Number.NaN, data + 260);
    for (const cut of [() => 1, () => 999]) {
      const refused = inspect({ schema, encoding: int8, plaintext: hostile, cut });
      expect(refused).toMatchObject({ slug: 'tensor-encoding', detail: expect.stringContaining('"w"') });
    }
  });

  it('whose products overflow is refused as not finite', () => {
    const hostile = Buffer.from(sent);
    hostile.writeFloatLE(3e38, data);
    hostile[data + 4] = 127;
    expect(inspect({ schema, encoding: int8, plaintext: hostile })).toMatchObject({ slug: 'not-finite' });
  });

  it('that ends within a block is refused', () => {
    const plaintext = sent.subarray(0, -1);
    expect(inspect({ schema, encoding: int8, plaintext })).toMatchObject({ slug: 'tensor-header' });
  });
});

it('an encoded update without elements at its beginning is looked at from the first that has some', () => {
  const schema: TensorSchema = [
    { name: 'none', dtype: 'F32', shape: [0] },
    { name: 'w', dtype: 'F32', shape: [8] },
  ];
  const update = writeSafetensors([
    { name: 'none', dtype: 'F32', shape: [0], data: Buffer.alloc(0) },
    {
      name: 'w',
      dtype: 'F32',
      shape: [8],
      data: Buffer.from(Float32Array.of(3, 4, 0, 0, 0, 0, 0, 0).buffer),
    },
  ]);
  const check = checkEncodedTensors(schema, { kind: 'f16' });
  const { sent } = travel(schema, update, { kind: 'f16' });
  check.add(sent.subarray(-16));
  expect(check.report()).toEqual({
    notFinite: undefined,
    norm: 5,
    maxAbs: 4,
    tensors: [
      { name: 'none', norm: 0, maxAbs: 0 },
      { name: 'w', norm: 5, maxAbs: 4 },
    ],
  });
  expect(() => check.add(Buffer.alloc(1))).toThrow('More data than the schema has.');
});
