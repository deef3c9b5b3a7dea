import { describe, expect, it } from 'vitest';
import { refuse } from '../../shared/contracts/refusals.ts';
import type { FoldPlan } from '../../shared/domain/strategies/fold-plan.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { travel } from '../tensors/encoding/encodings.ts';
import { aggregateSet, type Federation, federationOf, planned, readerOf, seal } from './sealed-set.ts';

const schema = [{ name: 'a', dtype: 'F32' as const, shape: [100] }];
const federation = federationOf(schema, 2, 4);
const halves = { kind: 'mean' as const, coefficients: [1, 1], divisor: 2 };
const plan: FoldPlan = {
  sumMode: 'canonical-f64/1',
  combination: halves,
  integers: halves,
  server: { kind: 'momentum', learningRate: 1, momentum: 0.5 },
};
const alone = { workers: 0 };

describe('an aggregation writes nothing', () => {
  const untouched = {
    output: async () => {
      throw new Error('nothing is to be written');
    },
  };

  it('where the set is not what the strategy needs', async () => {
    const lack = refuse('strategy-precondition', 'The strategy needs at least 3 updates.');
    const strategy = planned(plan, { check: ({ length }) => (length < 3 ? lack : undefined) });
    expect((await aggregateSet(federation, strategy, alone, untouched)).result).toEqual(lack);
  });

  it.each(['distances', 'products'] as const)(
    'where there are too many updates to compare: %s',
    async (statistics) => {
      const [first, ...others] = federation.updates;
      if (first === undefined) throw new Error('there are two updates');
      const updates = [...new Array<typeof first>(1_024).fill(first), ...others];
      const strategy = planned(plan, { statistics });
      const { result } = await aggregateSet({ ...federation, updates }, strategy, alone, untouched);
      expect(result).toMatchObject({
        ok: false,
        slug: 'strategy-precondition',
        detail: expect.stringContaining('up to 1024; there are 1025') as string,
      });
    },
  );

  it('where the base is of another model', async () => {
    const other = federationOf([{ name: 'b', dtype: 'F32', shape: [100] }], 1, 4).base;
    await expect(
      aggregateSet(federation, planned(plan), alone, { ...untouched, base: readerOf(other) }),
    ).rejects.toThrow('The base model does not have the canonical header of its schema.');
  });
});

describe('an aggregation throws', () => {
  it('where state is of another model', async () => {
    const m = writeSafetensors([{ name: 'a', dtype: 'F32', shape: [99], data: Buffer.alloc(396) }]);
    const more = { state: { m: readerOf(m) } };
    await expect(aggregateSet(federation, planned(plan), alone, more)).rejects.toThrow(
      'The state tensor m does not have the canonical header of its schema.',
    );
  });

  it('where an encoded update is malformed, which admission does not let through', async () => {
    const encoding = { kind: 'top-k' as const, fraction: 0.1 };
    const updates = federation.plaintexts.map((plaintext, i) => {
      const { sent } = travel(schema, plaintext, encoding);
      // Ten positions in ascending order begin the only block, 60 bytes long; the second becomes less than the first.
      if (i === 1) sent.writeUInt16LE(0, sent.length - 60 + 2);
      if (i === 1) sent.writeUInt16LE(9, sent.length - 60);
      return seal(sent, { silo: `silo-${i}`, weight: 1, norm: 1, metrics: {}, staleness: 0 });
    });
    const set: Federation = { ...federation, updates };
    await expect(aggregateSet(set, planned(plan), alone, { encoding })).rejects.toThrow(
      'an admitted update is malformed',
    );
  });
});
