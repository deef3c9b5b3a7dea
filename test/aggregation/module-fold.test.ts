import { describe, expect, it } from 'vitest';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import type { FoldPlan } from '../../shared/domain/strategies/fold-plan.ts';
import { readFloat, widths, writeFloat } from './plain-elements.ts';
import { aggregateSet, FLOATS, federationOf, planned } from './sealed-set.ts';

const schema: TensorSchema = [
  ...FLOATS.map((dtype) => ({ name: dtype, dtype, shape: [40_001] })),
  { name: 'counter', dtype: 'I32', shape: [3] },
];
const federation = federationOf(schema, 4, 77, 8);
const scales = [1, 0.5, 1, 0.3];
const planOf = (module: string, parameters: Readonly<Record<string, number>>): FoldPlan => ({
  sumMode: 'canonical-f64/1',
  combination: { kind: 'module', module, scales, parameters },
  integers: { kind: 'mean', coefficients: [0, 0, 0, 0], divisor: 1 },
  server: { kind: 'add', learningRate: 1 },
});

/** The median of the means of updates 0 and 2, and 1 and 3: of two numbers, so the mean of both. Integers stay. */
function expectedModel(): Buffer {
  const model = Buffer.from(federation.base);
  let at = 8 + Number(model.readBigUInt64LE(0));
  for (const dtype of FLOATS) {
    for (let i = 0; i < 40_001; i++, at += widths[dtype]) {
      const [a = 0, b = 0, c = 0, d = 0] = federation.plaintexts.map(
        (update, k) => readFloat(dtype, update, at) * (scales[k] ?? Number.NaN),
      );
      const step = ((a + c) / 2 + (b + d) / 2) / 2;
      writeFloat(dtype, model, at, readFloat(dtype, model, at) + step);
    }
  }
  return model;
}

describe.each([
  ['in the own thread', { workers: 0 }],
  [
    'in the own thread, by plain kernels and column by column',
    { workers: 0, kernels: 'reference', blockColumns: 1 },
  ],
  ['in worker threads', { workers: 2 }],
] as const)('a module of the deployed app %s', (_, options) => {
  it('is given the clipped updates of every float dtype, and makes the step', async () => {
    const strategy = planned(planOf('median-of-means', { groups: 2 }));
    const { result, files } = await aggregateSet(federation, strategy, options);
    expect(result.ok).toBe(true);
    expect(files.model?.equals(expectedModel())).toBe(true);
  });

  it('that was not deployed is refused', async () => {
    const { result } = await aggregateSet(federation, planned(planOf('never-deployed', {})), options);
    expect(result).toMatchObject({
      ok: false,
      slug: 'strategy-precondition',
      detail: 'The deployed app has no strategies/never-deployed.',
    });
  });

  it('whose result is not finite is refused', async () => {
    const { result } = await aggregateSet(
      federation,
      planned(planOf('median-of-means', { groups: 9 })),
      options,
    );
    expect(result).toMatchObject({
      ok: false,
      slug: 'strategy-precondition',
      detail: 'strategies/median-of-means left coordinates of a block without a finite value.',
    });
  });
});
