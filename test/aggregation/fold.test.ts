import { describe, expect, it } from 'vitest';
import type { Dtype, TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import type { Combination, FoldPlan } from '../../shared/domain/strategies/fold-plan.ts';
import { below, seeded } from '../sealing/seeded.ts';
import { plainFold } from './plain-fold.ts';
import { aggregateSet, type Federation, FLOATS, federationOf, planned, randomSchema } from './sealed-set.ts';

type Mean = Combination & { readonly kind: 'mean' };

const mean = (coefficients: readonly number[]): Mean => ({
  kind: 'mean',
  coefficients,
  divisor: coefficients.reduce((sum, value) => sum + value, 0),
});

function planOf({ updates }: Federation, more: Partial<FoldPlan> = {}): FoldPlan {
  const byWeight = mean(updates.map(({ figures }) => figures.weight));
  return {
    sumMode: 'canonical-f64/1',
    combination: byWeight,
    integers: byWeight,
    server: { kind: 'add', learningRate: 1 },
    ...more,
  };
}

/** In-process, so that a fault shows where it happens. */
const alone = { workers: 0, kernels: 'reference' } as const;

async function expectLikePlain(federation: Federation, plan: FoldPlan): Promise<void> {
  const { result, files } = await aggregateSet(federation, planned(plan), alone);
  expect(result.ok).toBe(true);
  const plain = plainFold(federation.schema, federation.base, federation.plaintexts, plan);
  expect(files.model?.equals(plain.model)).toBe(true);
}

/** Several columns, ending within one. */
const large = (dtype: Dtype): TensorSchema => [
  { name: 'a', dtype, shape: [/16/.test(dtype) ? 28_000 : 60_000, 5] },
  { name: 'b', dtype, shape: [17] },
];

describe('the next model', () => {
  it.each(FLOATS)('is the base plus the weighted mean of %s deltas, over several columns', async (dtype) => {
    const federation = federationOf(large(dtype), 5, 1);
    await expectLikePlain(federation, planOf(federation));
  });

  it('is right for random tensors of every dtype and role, and for any number of silos', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = seeded(seed);
      const schema = randomSchema(random, { elements: seed % 20 === 0 ? 60_000 : 300, control: true });
      const federation = federationOf(schema, 1 + below(random, 9), seed);
      const control = mean(federation.updates.map((_, i) => (i % 2 === 0 ? 1 : 0)));
      await expectLikePlain(federation, planOf(federation, seed % 2 === 0 ? { control } : {}));
    }
  });
});
