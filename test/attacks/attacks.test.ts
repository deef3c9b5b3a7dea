/** The short form of `npm run attacks`: what must hold on any seed, at the size that a test can afford. */
import { expect, it } from 'vitest';
import { type AttackRun, runAttack } from './federation.ts';

const run = (attack: AttackRun['attack'], strategy: object) => runAttack({ attack, strategy, seed: 1 });
const multiKrum = { kind: 'multi-krum', byzantine: 6 };
const clippedMedian = { kind: 'median', clip: { kind: 'fixed', norm: 1.5 } };

it.each(['sign-flip', 'noise'] as const)(
  'six of twenty silos with %s ruin the mean and leave Multi-Krum as good as without them',
  { timeout: 60_000 },
  async (attack) => {
    expect((await run(attack, { kind: 'fedavg' })).accuracy).toBeLessThan(0.3);
    const clean = await run('none', multiKrum);
    expect(clean.accuracy).toBeGreaterThan(0.75);
    expect((await run(attack, multiKrum)).accuracy).toBeGreaterThan(0.95 * clean.accuracy);
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
