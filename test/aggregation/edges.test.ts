/** Models and sets at the edges of what an aggregation takes. */
import { describe, expect, it } from 'vitest';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import type { FoldPlan } from '../../shared/domain/strategies/fold-plan.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { ENCODINGS } from '../tensors/encoding/encodings.ts';
import { plainFold } from './plain-fold.ts';
import { aggregateSet, type Federation, federationOf, planned, seal } from './sealed-set.ts';

const mean = (...coefficients: number[]) => ({
  kind: 'mean' as const,
  coefficients,
  divisor: coefficients.reduce((sum, value) => sum + value, 0),
});
const planOf = (combination: ReturnType<typeof mean>, more: Partial<FoldPlan> = {}): FoldPlan => ({
  sumMode: 'canonical-f64/1',
  combination,
  integers: combination,
  server: { kind: 'add', learningRate: 1 },
  ...more,
});

const ways = [
  { workers: 0 },
  { workers: 0, blockColumns: 1 },
  { workers: 0, blockColumns: 2, kernels: 'reference' },
  { workers: 2, blockColumns: 1 },
] as const;

describe('an element that lies in two segments', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])(
    'with %i bytes in the first goes to the column of its last',
    async (bytes) => {
      const schema: TensorSchema = [
        { name: 'before', dtype: 'U8', shape: [bytes] },
        { name: 'doubles', dtype: 'F64', shape: [100_003] },
        { name: 'singles', dtype: 'F32', shape: [70_001] },
      ];
      const federation = federationOf(schema, 5, bytes, 8);
      const plan = planOf(mean(3, 1, 4, 1, 5));
      const expected = plainFold(schema, federation.base, federation.plaintexts, plan).model;
      for (const way of ways) {
        const { files } = await aggregateSet(federation, planned(plan), way);
        expect([way, files.model?.equals(expected)]).toEqual([way, true]);
      }
    },
  );
});

describe('more updates than are measured against the step', () => {
  const federation = federationOf([{ name: 'w', dtype: 'F32', shape: [90_001] }], 33, 8, 8);

  it('make the same model, without cosines', async () => {
    const plan = planOf(mean(...federation.updates.map((_, i) => 1 + (i % 3))));
    const expected = plainFold(federation.schema, federation.base, federation.plaintexts, plan).model;
    for (const way of ways) {
      const { result, files } = await aggregateSet(federation, planned(plan), way);
      expect(result).toMatchObject({ ok: true, cosines: federation.updates.map(() => null) });
      expect([way, files.model?.equals(expected)]).toEqual([way, true]);
    }
  });
});

describe('a model without elements', () => {
  const schema: TensorSchema = [
    { name: 'none', dtype: 'F32', shape: [0, 7] },
    { name: 'neither', dtype: 'I64', shape: [0] },
  ];
  const empty = writeSafetensors(schema.map((tensor) => ({ ...tensor, data: Buffer.alloc(0) })));
  const figures = { silo: 'silo', weight: 1, norm: 0, metrics: {}, staleness: 0 };
  const federation: Federation = {
    schema,
    base: empty,
    plaintexts: [empty],
    updates: [seal(empty, figures)],
  };
  const adam = { kind: 'adam', learningRate: 1, beta1: 0.9, beta2: 0.99, tau: 1 } as const;

  it.each([undefined, ...ENCODINGS])(
    'stays as it is, and so does its state, encoded as %j',
    async (encoding) => {
      const { result, files } = await aggregateSet(
        federation,
        planned(planOf(mean(1), { server: adam })),
        { workers: 0 },
        { encoding },
      );
      expect(result).toMatchObject({ ok: true, cosines: [null] });
      expect(files.model?.equals(empty)).toBe(true);
      const state = writeSafetensors([{ name: 'none', dtype: 'F32', shape: [0, 7], data: Buffer.alloc(0) }]);
      expect([files.m?.equals(state), files.v?.equals(state)]).toEqual([true, true]);
    },
  );
});

describe('whole numbers', () => {
  const schema: TensorSchema = [
    { name: 'counts', dtype: 'I32', shape: [6] },
    { name: 'w', dtype: 'F32', shape: [1] },
  ];
  const fileOf = (counts: readonly number[], w: number): Buffer =>
    writeSafetensors([
      { name: 'counts', dtype: 'I32', shape: [6], data: Buffer.from(Int32Array.from(counts).buffer) },
      { name: 'w', dtype: 'F32', shape: [1], data: Buffer.from(Float32Array.of(w).buffer) },
    ]);
  const plaintexts = [fileOf([1, 3, 5, -1, -3, -5], 8), fileOf([0, 0, 0, 0, 0, 0], 4)];
  const federation: Federation = {
    schema,
    base: fileOf([10, 10, 10, 10, 10, 10], 1),
    plaintexts,
    updates: plaintexts.map((plaintext, i) =>
      seal(plaintext, { silo: `silo-${i}`, weight: 1, norm: 1, metrics: {}, staleness: 0 }),
    ),
  };

  it.each(['canonical-f64/1', 'exact-fixed/1'] as const)(
    'take a mean rounded to the nearest, ties to even, and of updates that count for nothing else: %s',
    async (sumMode) => {
      // The means are 0.5, 1.5, 2.5 and the same below zero. Of the floats, the second update alone counts.
      const plan = planOf(mean(0, 2), { sumMode, integers: mean(1, 1) });
      const { files } = await aggregateSet(federation, planned(plan), { workers: 0 });
      expect(files.model?.equals(fileOf([10, 12, 12, 10, 8, 8], 5))).toBe(true);
    },
  );
});

describe('products', () => {
  it('are those of every scaled update with the trusted one', async () => {
    const schema: TensorSchema = [
      { name: 'w', dtype: 'F32', shape: [3] },
      { name: 'control/w', dtype: 'F32', shape: [1] },
      { name: 'steps', dtype: 'I32', shape: [1] },
    ];
    const fileOf = (...w: number[]): Buffer =>
      writeSafetensors([
        { name: 'w', dtype: 'F32', shape: [3], data: Buffer.from(Float32Array.from(w).buffer) },
        { name: 'control/w', dtype: 'F32', shape: [1], data: Buffer.from(Float32Array.of(100).buffer) },
        { name: 'steps', dtype: 'I32', shape: [1], data: Buffer.from(Int32Array.of(7).buffer) },
      ]);
    const plaintexts = [fileOf(1, 2, 3), fileOf(-1, 0, 5), fileOf(4, -2, 1)];
    const updates = plaintexts.map((plaintext, i) =>
      seal(plaintext, { silo: `silo-${i}`, weight: 1, norm: 1, metrics: {}, staleness: 0 }),
    );
    let products: number[] | undefined;
    const strategy = planned(planOf(mean(1, 1, 1)), {
      statistics: 'products',
      trusted: () => 2,
      scales: () => [1, 2, 0.5],
      onStatistics: (measured) => {
        products = [...(measured.products ?? [])];
      },
    });
    await aggregateSet({ schema, base: fileOf(0, 0, 0), plaintexts, updates }, strategy, { workers: 0 });
    // (1, 2, 3), 2 * (-1, 0, 5) and (4, -2, 1) / 2, each with (4, -2, 1).
    expect(products).toEqual([3, 2, 10.5]);
  });
});
