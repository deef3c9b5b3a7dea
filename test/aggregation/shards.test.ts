import { describe, expect, it } from 'vitest';
import { FLSE } from '../../shared/sealing/floe.ts';
import { below, seeded } from '../sealing/seeded.ts';
import { type AggregationCase, caseOf, digestOf } from './cases.ts';
import { type KeptShards, Killed, keptShards } from './kept-shards.ts';

const plain = { workers: 0, kernels: 'reference', blockColumns: 1 } as const;
const column = FLSE.segmentPlaintext;
/** Every tenth case has several columns. */
const several = Array.from({ length: 12 }, (_, i) => i * 10);

/** Begins again each time that it was killed; answers how often that was. */
async function throughKills(
  given: AggregationCase,
  checkpoints: KeptShards,
  stepsOf: (life: number) => number,
): Promise<{ digest: string; kills: number }> {
  for (let kills = 0; ; kills++) {
    checkpoints.dieAt(stepsOf(kills));
    try {
      return { digest: await digestOf(given, { ...plain, blockColumns: 1, checkpoints }), kills };
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
}

describe('an aggregation in shards gives the same model, state, statistics and evidence', () => {
  it('as one in one go, for shards of any size and any workers', async () => {
    for (const seed of several) {
      const given = caseOf(seed);
      const expected = await digestOf(given, plain);
      for (const columns of [1, 2, 3, 100]) {
        for (const workers of [0, 2]) {
          const checkpoints = keptShards(columns * column);
          const found = await digestOf(given, { workers, checkpoints });
          expect([seed, columns, workers, found]).toEqual([seed, columns, workers, expected]);
        }
      }
    }
  });

  it('killed at every step in turn', async () => {
    for (const seed of several) {
      const given = caseOf(seed);
      const expected = await digestOf(given, plain);
      for (let step = 0, killed = true; killed; step++) {
        const { digest, kills } = await throughKills(given, keptShards(column), (life) =>
          life === 0 ? step : Number.POSITIVE_INFINITY,
        );
        expect([seed, step, digest]).toEqual([seed, step, expected]);
        killed = kills > 0;
      }
    }
  });

  it('killed again and again, with shards that are cut otherwise each time', async () => {
    let kills = 0;
    for (const seed of several) {
      const given = caseOf(seed);
      const random = seeded(seed);
      const checkpoints = keptShards(column);
      const run = await throughKills(given, checkpoints, (life) => {
        checkpoints.cut(column * (1 + below(random, 2)));
        return 2 + life + below(random, 4);
      });
      expect([seed, run.digest]).toEqual([seed, await digestOf(given, plain)]);
      kills += run.kills;
    }
    expect(kills).toBeGreaterThan(several.length);
  });
});

describe('a killed aggregation', () => {
  it('makes one shard again at most', async () => {
    let tried = 0;
    for (const seed of several) {
      const given = caseOf(seed);
      const undisturbed = keptShards(column);
      await digestOf(given, { ...plain, checkpoints: undisturbed });
      const most = undisturbed.begun.length + 1;
      for (let step = 0; undisturbed.begun.length > 2 && step < 12; step++, tried++) {
        const checkpoints = keptShards(column);
        await throughKills(given, checkpoints, (life) => (life === 0 ? step : Number.POSITIVE_INFINITY));
        expect([seed, step, checkpoints.begun.length <= most]).toEqual([seed, step, true]);
      }
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('leaves nothing behind where the model is one shard', async () => {
    const checkpoints = keptShards(2 ** 30);
    await digestOf(caseOf(0), { ...plain, checkpoints });
    expect(checkpoints.begun).toEqual([]);
  });
});
