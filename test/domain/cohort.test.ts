import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cohortSize, selectCohort, taskSeed } from '../../shared/domain/cohort.ts';

const silos = Array.from({ length: 40 }, (_, index) => `silo-${index}`);

describe('a cohort', () => {
  it('has the size that the rule asks for, at least one and at most all', () => {
    expect(cohortSize({ fraction: 0.5 }, 5)).toBe(3);
    expect(cohortSize({ fraction: 0.001 }, 5)).toBe(1);
    expect(cohortSize({ fraction: 1 }, 5)).toBe(5);
    expect(cohortSize({ size: 3 }, 5)).toBe(3);
    expect(cohortSize({ size: 9 }, 5)).toBe(5);
  });

  it('depends on the set of silos, seed and round, not on the order in which silos are named', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 30 }),
        fc.nat(),
        fc.nat(1_000),
        fc.integer({ min: 1, max: 30 }),
        (names, seed, round, size) => {
          const rule = { size };
          const chosen = selectCohort({ silos: names, rule, seed, round });
          expect(selectCohort({ silos: names.toReversed(), rule, seed, round })).toEqual(chosen);
          expect(chosen).toHaveLength(Math.min(size, names.length));
          expect(new Set(chosen).size).toBe(chosen.length);
          expect(chosen.every((silo) => names.includes(silo))).toBe(true);
          expect(chosen.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(chosen);
        },
      ),
    );
  });

  it('keeps its members when another silo leaves, but for the place that became free', () => {
    const before = selectCohort({ silos, rule: { size: 10 }, seed: 7, round: 3 });
    const [gone] = before;
    const after = selectCohort({
      silos: silos.filter((silo) => silo !== gone),
      rule: { size: 10 },
      seed: 7,
      round: 3,
    });
    expect(before.filter((silo) => after.includes(silo))).toEqual(before.slice(1));
  });

  it('comes round to every silo evenly', () => {
    const times = new Map(silos.map((silo) => [silo, 0]));
    for (let round = 1; round <= 2_000; round++) {
      for (const silo of selectCohort({ silos, rule: { size: 10 }, seed: 1, round })) {
        times.set(silo, (times.get(silo) ?? 0) + 1);
      }
    }
    // 500 expected, standard deviation 19: six of them on each side.
    for (const count of times.values()) expect(Math.abs(count - 500)).toBeLessThan(120);
  });
});

describe("a task's seed", () => {
  it('is a positive 31-bit number, the same for the same round, another for the next', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(10_000), (seed, round) => {
        const value = taskSeed(seed, round);
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** 31).toBe(true);
        expect(taskSeed(seed, round)).toBe(value);
      }),
    );
    expect(new Set(Array.from({ length: 100 }, (_, round) => taskSeed(5, round))).size).toBe(100);
  });
});
