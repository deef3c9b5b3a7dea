import { describe, expect, it } from 'vitest';
import type { UpdateEncoding } from '../../shared/contracts/encoding.ts';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { FLSE } from '../../shared/sealing/floe.ts';
import { encodedSchema } from '../../shared/tensors/encoding/encoded-schema.ts';
import { plaintextLength } from '../../shared/tensors/schema.ts';
import { ENCODINGS, travel } from '../tensors/encoding/encodings.ts';
import { type AggregationCase, caseOf, digestOf } from './cases.ts';
import { aggregateSet, type Federation, federationOf, figuresOf, planned, seal } from './sealed-set.ts';

/** The same updates, sealed as they travel and as they arrive. */
function sealedBothWays(federation: Federation, encoding: UpdateEncoding) {
  const { schema } = federation;
  const pairs = federation.plaintexts.map((plaintext, i) => {
    const { sent, arrived } = travel(schema, plaintext, encoding);
    const { silo = '', weight = 1 } = federation.updates[i]?.figures ?? {};
    const figures = figuresOf(schema, arrived, silo, weight);
    return { sent: seal(sent, figures), arrived: seal(arrived, figures) };
  });
  return {
    sent: { ...federation, updates: pairs.map(({ sent }) => sent) },
    arrived: { ...federation, updates: pairs.map(({ arrived }) => arrived) },
  };
}

/** Two tensors over several columns; encoded, over several segments in most encodings. */
const wide: TensorSchema = [
  { name: 'first', dtype: 'F32', shape: [7, 41_003] },
  { name: 'counts', dtype: 'I32', shape: [90_001] },
  { name: 'second', dtype: 'F64', shape: [150_007] },
  { name: 'control/second', dtype: 'F32', shape: [50_001] },
  { name: 'third', dtype: 'F32', shape: [100_003] },
];

describe.each(ENCODINGS)('updates in $name', ({ name: _, ...encoding }) => {
  it('make the model, state, statistics and evidence that what arrives of them makes', async () => {
    for (let seed = 0; seed < 60; seed += 1 + (seed % 2)) {
      const given = caseOf(seed);
      const { sent, arrived } = sealedBothWays(given.federation, encoding);
      const expected = await digestOf({ ...given, federation: arrived }, { workers: 0 });
      for (const way of [{ workers: 0 }, { workers: 0, blockColumns: 1 }]) {
        const found = await digestOf({ ...given, federation: sent }, way, { encoding });
        expect([seed, way, found]).toEqual([seed, way, expected]);
      }
    }
  });

  it('do so over several segments, with blocks of any size and with worker threads', async () => {
    const federation = federationOf(wide, 5, 11, 8);
    const { sent, arrived } = sealedBothWays(federation, encoding);
    const weights = [1, 2, 3, 0, 5];
    const mean = { kind: 'mean' as const, coefficients: weights, divisor: 11 };
    const given: Omit<AggregationCase, 'federation'> = {
      plan: {
        sumMode: 'canonical-f64/1',
        combination: mean,
        integers: mean,
        server: { kind: 'add', learningRate: 1 },
      },
      statistics: 'distances',
      scales: weights.map(() => 1),
      state: {},
    };
    const expected = await digestOf({ ...given, federation: arrived }, { workers: 0 });
    for (const way of [{ workers: 0, blockColumns: 1 }, { workers: 0 }, { workers: 2, blockColumns: 3 }]) {
      const found = await digestOf({ ...given, federation: sent }, way, { encoding });
      expect([way, found]).toEqual([way, expected]);
    }
  });

  it('refuse the aggregation when a segment does not verify', async () => {
    const { sent } = sealedBothWays(federationOf(wide, 2, 3, 8), encoding);
    const last = sent.updates[1]?.ciphertext;
    if (last === undefined) throw new Error('there are two updates');
    last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
    const mean = { kind: 'mean' as const, coefficients: [1, 1], divisor: 2 };
    const strategy = planned({
      sumMode: 'canonical-f64/1',
      combination: mean,
      integers: mean,
      server: { kind: 'add', learningRate: 1 },
    });
    const { result } = await aggregateSet(sent, strategy, { workers: 0 }, { encoding });
    expect(result).toMatchObject({ ok: false, slug: 'segment-tag', silo: sent.updates[1]?.figures.silo });
  });
});

it('an update in int8 lies in a quarter of the segments', () => {
  const schema: TensorSchema = [{ name: 'w', dtype: 'F32', shape: [1_000_000] }];
  const bytes = plaintextLength(encodedSchema(schema, { kind: 'int8' }));
  expect(Math.ceil(bytes / FLSE.segmentPlaintext)).toBe(4);
  expect(Math.ceil(plaintextLength(schema) / FLSE.segmentPlaintext)).toBe(16);
});
