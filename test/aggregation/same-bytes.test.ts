import { describe, expect, it } from 'vitest';
import type { AggregateOptions } from '../../shared/aggregation/aggregate.ts';
import { caseOf, digestOf } from './cases.ts';
import { permuted } from './permuted.ts';
import { aggregateSet, planned } from './sealed-set.ts';

const plain = { workers: 0, kernels: 'reference', blockColumns: 1 } as const;

const ways: readonly AggregateOptions[] = [
  { workers: 0, kernels: 'simd', blockColumns: 1 },
  { workers: 0, kernels: 'simd', blockColumns: 2 },
  { workers: 0, kernels: 'reference', blockColumns: 3 },
  { workers: 0, kernels: 'simd' },
];

describe('an aggregation gives the same model, state, statistics and evidence', () => {
  it('with any kernels and blocks', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const given = caseOf(seed);
      const expected = await digestOf(given, plain);
      for (const way of ways) expect([seed, way, await digestOf(given, way)]).toEqual([seed, way, expected]);
    }
  });

  it('with any number of worker threads, whichever takes a block first', async () => {
    for (let seed = 0; seed < 60; seed += 10) {
      const given = caseOf(seed);
      const expected = await digestOf(given, plain);
      for (const workers of [1, 2, 3]) {
        const way = { workers, blockColumns: 1 + (seed % 2) };
        expect([seed, way, await digestOf(given, way)]).toEqual([seed, way, expected]);
      }
    }
  });

  it('in any order of the updates, where sums are exact', async () => {
    for (let seed = 1; seed < 60; seed += 4) {
      const given = caseOf(seed);
      const moved = permuted(given, seed);
      const straight = await aggregateSet(given.federation, planned(given.plan), plain);
      const other = await aggregateSet(moved.federation, planned(moved.plan), { workers: 0 });
      expect([seed, other.result.ok]).toEqual([seed, straight.result.ok]);
      expect(other.files.model?.equals(straight.files.model ?? Buffer.alloc(0))).toBe(true);
    }
  });
});
