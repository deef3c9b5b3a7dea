import { describe, expect, it } from 'vitest';
import type { Statistics } from '../../../shared/domain/strategies/decision.ts';
import { krumScores, lowest, neighboursOf } from '../../../shared/domain/strategies/krum-scores.ts';
import { combine, figuresOf, runRound, type SmallUpdate, strategy, type Vector } from './small-federation.ts';

/** Five updates around (1, 1) and two hostile ones. */
const points: readonly Vector[] = [
  [1, 1],
  [1.1, 0.9],
  [0.9, 1.1],
  [1.05, 1],
  [0.95, 1],
  [10, -10],
  [10, -10],
];
const updates: readonly SmallUpdate[] = points.map((x) => ({ x }));

function expectNear(step: readonly number[], expected: Vector, digits: number): void {
  expect(step).toHaveLength(expected.length);
  for (const [d, value] of expected.entries()) expect(step[d]).toBeCloseTo(value, digits);
}

describe('seven updates of which two are hostile', () => {
  it('pull a plain mean far away', () => {
    expectNear(runRound(strategy({ kind: 'fedavg' }), updates).step, [3.571429, -2.142857], 6);
  });

  it('leave the median and the trimmed mean where the honest ones are', () => {
    expectNear(runRound(strategy({ kind: 'median' }), updates).step, [1.05, 1], 12);
    expectNear(runRound(strategy({ kind: 'trimmed-mean', byzantine: 2 }), updates).step, [1.05, 0.966667], 6);
  });

  it('get Krum scores that tell them apart, and Krum takes the first of the best', () => {
    const { step, verdicts } = runRound(strategy({ kind: 'krum', byzantine: 2 }), updates);
    const expected = [0.025, 0.065, 0.065, 0.025, 0.025, 399.1225, 399.1225];
    expectNear(
      verdicts.map(({ score }) => score ?? Number.NaN),
      expected,
      12,
    );
    expect(step).toEqual([1, 1]);
    expect(verdicts.map(({ included }) => included)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('are left out by multi-Krum, whose default takes n - f', () => {
    const { step, verdicts } = runRound(strategy({ kind: 'multi-krum', byzantine: 2 }), updates);
    expectNear(step, [1, 1], 12);
    expect(verdicts.map(({ included }) => included)).toEqual([true, true, true, true, true, false, false]);
    expect(verdicts.map(({ share }) => share)).toEqual([0.2, 0.2, 0.2, 0.2, 0.2, 0, 0]);
  });

  it('hardly move the geometric median', () => {
    const { step, verdicts } = runRound(strategy({ kind: 'geometric-median' }), updates);
    expectNear(step, [1.03288942, 0.97740594], 8);
    expect(verdicts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(verdicts[6]?.score).toBeGreaterThan(14);
  });

  it('count for little once their norm is clipped', () => {
    const clipped = strategy({ kind: 'fedavg', clip: { kind: 'fixed', norm: 1.5 } });
    expectNear(runRound(clipped, updates).step, [1.01733148, 0.41123995], 8);
  });

  it('are worth nothing where a trusted silo says (1, 1)', () => {
    const withTrusted = [
      ...updates.map((update, i) => ({ ...update, silo: `a${i}` })),
      { x: [1, 1], silo: 'root' },
    ];
    const { step, verdicts } = runRound(strategy({ kind: 'fltrust', trustedSilo: 'root' }), withTrusted);
    expectNear(step, [0.99764493, 0.99814536], 8);
    expect(verdicts.map(({ included }) => included)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('may be picked by Bulyan when few are left, and then fall to its second phase', () => {
    const eleven = [...updates, { x: [1, 1.02] }, { x: [0.98, 1] }, { x: [1.02, 0.97] }, { x: [0.97, 1.04] }];
    const { step, verdicts, plan } = runRound(strategy({ kind: 'bulyan', byzantine: 2 }), eleven);
    expect(verdicts.filter(({ included }) => included)).toHaveLength(7);
    expect(plan.combination).toMatchObject({ kind: 'near-median-mean', keep: 3 });
    // Two equal updates lie at distance 0: alone with three others, with one neighbour counting, they score best.
    expect([verdicts[5]?.included, verdicts[6]?.included]).toEqual([true, false]);
    expectNear(step, [1, 1], 1);
  });
});

describe("Flower's published cases", () => {
  /** Four equal coordinates each; Flower lets one neighbour count where n - f - 2 is less. */
  function selected(values: readonly number[], wanted: number): number[] {
    const distances = Float64Array.from(values.flatMap((a) => values.map((b) => 4 * (a - b) ** 2)));
    const scores = krumScores(distances, neighboursOf(distances, 3), new Set([0, 1, 2]), 1);
    return lowest(scores, wanted).map((index) => values[index] ?? Number.NaN);
  }

  it('Krum of 0.2, 0.7 and 1.0 is 0.7', () => {
    expect(selected([0.2, 0.7, 1], 1)).toEqual([0.7]);
  });

  it('multi-Krum of two among 0.2, 0.5 and 1.0 is 0.35', () => {
    const [a = 0, b = 0] = selected([0.2, 0.5, 1], 2);
    expect((a + b) / 2).toBeCloseTo(0.35, 15);
  });

  it('the trimmed mean with a quarter cut from each side', () => {
    const quarter = strategy({ kind: 'trimmed-mean', byzantine: { fraction: 0.25 } });
    const four = [
      { x: [0.5, 0.5, 0.5, 0.5], weight: 1 },
      { x: [1, 0.2, 0.5, 1], weight: 5 },
      { x: [0.2, 0.5, 1, 0.2], weight: 2 },
      { x: [0.5, 1, 0.2, 0.5], weight: 9 },
    ];
    expect(runRound(quarter, four).step).toEqual([0.5, 0.5, 0.5, 0.5]);
    const scalars = [0.5, 1, 2, 100].map((value) => ({ x: [value] }));
    expect(runRound(quarter, scalars).step).toEqual([1.5]);
  });

  it('the median, whatever the numbers of examples', () => {
    const three = [
      { x: [1, 0.2, 0.5, 1], weight: 5 },
      { x: [0.2, 0.5, 1, 0.2], weight: 2 },
      { x: [0.5, 1, 0.2, 0.5], weight: 9 },
    ];
    expect(runRound(strategy({ kind: 'median' }), three).step).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it("Bulyan's mean of the nearest to the median", () => {
    const near = (xs: Vector[], keep: number) =>
      combine({ kind: 'near-median-mean', scales: xs.map(() => 1), members: [...xs.keys()], keep }, xs);
    expect(near([[1], [2], [0.5]], 2)).toEqual([0.75]);
    expect(
      near(
        [
          [1, 2],
          [-1, 0],
          [3, 4],
        ],
        3,
      ),
    ).toEqual([1, 2]);
  });

  it('weights of one and two examples', () => {
    const two = [
      { x: [1, 2, 3, 4], weight: 1 },
      { x: [29, 23, 19, 17], weight: 2 },
    ];
    expectNear(
      runRound(strategy({ kind: 'fedavgm', momentum: 0 }), two).step,
      [59 / 3, 16, 41 / 3, 38 / 3],
      12,
    );
  });
});

describe('a rule that decides by what is measured', () => {
  const figures = figuresOf(updates.map((update, i) => ({ ...update, silo: `silo-${i}` })));
  const decideBy = (spec: { kind: string } & Record<string, unknown>, statistics: Statistics) => {
    const rule = strategy(spec);
    return () => rule.decide(figures, rule.scales(figures, {}), statistics, {});
  };

  it('does not decide without distances, or by those of another set', () => {
    for (const kind of ['krum', 'multi-krum', 'geometric-median']) {
      const spec = kind === 'geometric-median' ? { kind } : { kind, byzantine: 2 };
      expect(decideBy(spec, {})).toThrow('this rule decides by pairwise distances');
      expect(decideBy(spec, { distances: new Float64Array(36) })).toThrow('pairwise distances');
    }
  });

  it('does not decide by distances that are not finite', () => {
    const distances = new Float64Array(49);
    distances[8] = Number.POSITIVE_INFINITY;
    expect(decideBy({ kind: 'krum', byzantine: 2 }, { distances })).toThrow(
      'Two updates lie so far apart that their distance is not finite.',
    );
  });

  it('does not decide without products, or by those of another set', () => {
    const spec = { kind: 'fltrust', trustedSilo: 'silo-0' };
    expect(decideBy(spec, {})).toThrow('this rule decides by products');
    expect(decideBy(spec, { products: new Float64Array(6) })).toThrow('this rule decides by products');
  });
});
