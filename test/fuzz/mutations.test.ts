/** The short form of `npm run fuzz`: seeded mutations of every message, none of which may crash what reads it. */
import { expect, it } from 'vitest';
import { seeded } from '../sealing/seeded.ts';
import { mutated } from './mutate.ts';
import { targets, tryInput } from './targets.ts';

it.each(Object.entries(targets))('%s: the seeds are what they should be', (_name, target) => {
  const [first] = target.seeds;
  expect(first === undefined ? 'none' : tryInput(target, first)).toBe('accepted');
});

it.each(Object.entries(targets))(
  '%s: 5,000 mutations are each refused with a slug, or accepted for a reason',
  (_name, target) => {
    const random = seeded(20_261_124);
    const verdicts = new Map<string, number>();
    for (let i = 0; i < 5_000; i++) {
      const input = mutated(target.seeds, target.words, random);
      const verdict = tryInput(target, input);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    // Mutation that never gets past the first check would prove little.
    expect(verdicts.size).toBeGreaterThan(1);
  },
);
