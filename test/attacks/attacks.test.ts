/** The short form of `npm run attacks`: the bars that its table holds, at the size that a test can afford. */
import { expect, it } from 'vitest';
import { type AttackRun, runAttack, type Trained } from './federation.ts';

const trained: Trained = new Map();
const run = (attack: AttackRun['attack'], strategy: object, size: Partial<AttackRun> = {}) =>
  runAttack({ attack, strategy, seed: 1, ...size }, trained);
const clippedMedian = { kind: 'median', clip: { kind: 'fixed', norm: 1.5 } };

it.each(['sign-flip', 'noise'] as const)(
  'six of twenty silos with %s ruin the mean',
  { timeout: 60_000 },
  async (attack) => {
    expect((await run('none', { kind: 'fedavg' })).accuracy).toBeGreaterThan(0.75);
    expect((await run(attack, { kind: 'fedavg' })).accuracy).toBeLessThan(0.3);
  },
);

it.each([
  { kind: 'median' },
  { kind: 'trimmed-mean', byzantine: 6 },
  { kind: 'geometric-median' },
  { kind: 'multi-krum', byzantine: 6 },
])(
  'keeps 95 % of its clean accuracy under six silos that flip signs, and under six that add noise: %j',
  { timeout: 60_000 },
  async (strategy) => {
    const size = { digits: 8_000, rounds: 5 };
    const clean = await run('none', strategy, size);
    expect(clean.accuracy).toBeGreaterThan(0.88);
    for (const attack of ['sign-flip', 'noise'] as const) {
      expect((await run(attack, strategy, size)).accuracy).toBeGreaterThan(0.95 * clean.accuracy);
    }
  },
);

it('a replaced model plants its backdoor in the mean, and hardly in the median of clipped updates', {
  timeout: 60_000,
}, async () => {
  expect((await run('model-replacement', { kind: 'fedavg' })).backdoor).toBeGreaterThan(0.8);
  const held = await run('model-replacement', clippedMedian);
  expect(held.backdoor).toBeLessThan(0.1);
  expect(held.accuracy).toBeGreaterThan(0.75);
});
