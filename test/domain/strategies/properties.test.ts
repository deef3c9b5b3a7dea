import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lackOfUpdates } from '../../../shared/domain/strategies/needed-updates.ts';
import { figuresOf, runRound, type SmallUpdate, specOf, strategy } from './small-federation.ts';

type Written = { kind: string } & Record<string, unknown>;

const everyRule: Written[] = [
  { kind: 'fedavg' },
  { kind: 'fedavg', weighting: 'equal' },
  { kind: 'fedprox', mu: 0.1 },
  { kind: 'scaffold' },
  { kind: 'fednova' },
  { kind: 'fedbuff' },
  { kind: 'median' },
  { kind: 'trimmed-mean', byzantine: 2 },
  { kind: 'geometric-median' },
  { kind: 'krum', byzantine: 2 },
  { kind: 'multi-krum', byzantine: 2 },
  { kind: 'multi-krum', byzantine: { fraction: 0.2 }, select: 3, weighting: 'examples' },
  { kind: 'bulyan', byzantine: 2 },
  { kind: 'fltrust', trustedSilo: 'silo-000' },
];

const coordinate = fc.integer({ min: -4_000, max: 4_000 }).map((value) => value / 1_024);
const update = fc.record({
  x: fc.tuple(coordinate, coordinate, coordinate),
  weight: fc.integer({ min: 1, max: 50 }),
  metrics: fc.integer({ min: 1, max: 9 }).map((steps) => ({ local_steps: steps })),
});
/** Eleven to thirteen updates, the first of which is not zero. */
const rounds = fc
  .array(update, { minLength: 11, maxLength: 13 })
  .filter((updates) => new Set(updates.map(({ x }) => String(x))).size === updates.length)
  .filter(([first]) => first !== undefined && first.x.some((value) => value !== 0));

function named(updates: readonly SmallUpdate[]): SmallUpdate[] {
  return figuresOf(updates).map(({ silo }, i) => ({ x: [], ...updates[i], silo }));
}

const close = (a: readonly number[], b: readonly number[], scale = 1) => {
  for (const [d, value] of a.entries())
    expect(Math.abs(value - (b[d] ?? Number.NaN))).toBeLessThan(1e-6 * scale);
};

describe.each(everyRule)('the rule $kind', (written) => {
  const rule = strategy(written);

  it('answers finite numbers, one per update, with shares that sum to one', () => {
    fc.assert(
      fc.property(rounds, (updates) => {
        const { plan, step, verdicts } = runRound(rule, updates);
        for (const value of step) expect(value).toSatisfy(Number.isFinite);
        expect(plan.integers.coefficients).toHaveLength(updates.length);
        expect(verdicts).toHaveLength(updates.length);
        expect(verdicts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
        for (const { included, share } of verdicts) expect(share > 0).toBe(included);
      }),
      { numRuns: 50 },
    );
  });
});

// Bulyan's last picks count one neighbour each, and two that are each other's nearest always score the same.
describe.each(everyRule.filter(({ kind }) => kind !== 'bulyan'))('the rule $kind', (written) => {
  const rule = strategy(written);

  it('judges a silo alike wherever it stands in the order', () => {
    fc.assert(
      fc.property(rounds, (updates) => {
        const forth = named(updates);
        const there = runRound(rule, forth);
        const scores = there.verdicts.flatMap(({ score }) => (score === undefined ? [] : [score.toFixed(9)]));
        // Equal scores go by order; only then may what becomes of a silo depend on its place.
        fc.pre(new Set(scores).size === scores.length);
        const here = runRound(rule, forth.toReversed());
        close(here.step, there.step);
        const included = here.verdicts.map((verdict) => verdict.included).toReversed();
        expect(included).toEqual(there.verdicts.map((verdict) => verdict.included));
      }),
      { numRuns: 50 },
    );
  });
});

/** Weighted by how an update compares with zero: moving all by the same vector means something else to them. */
const notTranslated = ['fltrust', 'fednova', 'fedbuff'];

describe.each(everyRule.filter(({ kind }) => !notTranslated.includes(kind)))('the rule $kind', (written) => {
  it('moves with its updates when all of them move', () => {
    const rule = strategy(written);
    fc.assert(
      fc.property(rounds, fc.tuple(coordinate, coordinate, coordinate), (updates, by) => {
        const moved = updates.map((one) => ({ ...one, x: one.x.map((value, d) => value + (by[d] ?? 0)) }));
        const expected = runRound(rule, updates).step.map((value, d) => value + (by[d] ?? 0));
        close(runRound(rule, moved).step, expected, 10);
      }),
      { numRuns: 50 },
    );
  });
});

describe('f hostile updates among n', () => {
  const bounds: [Written, (f: number) => number][] = [
    [{ kind: 'krum' }, (f) => 2 * f + 3],
    [{ kind: 'multi-krum' }, (f) => 2 * f + 3],
    [{ kind: 'trimmed-mean' }, (f) => 2 * f + 1],
    [{ kind: 'bulyan' }, (f) => 4 * f + 3],
  ];

  it.each(bounds)('are withstood by $kind from its bound on, and refused one below', (written, bound) => {
    for (let f = 0; f <= 20; f++) {
      const rule = strategy({ ...written, byzantine: f });
      const updates = (count: number) => figuresOf(Array.from({ length: count }, () => ({ x: [1] })));
      expect(rule.check(updates(bound(f)))).toBeUndefined();
      if (bound(f) > 1) {
        expect(rule.check(updates(bound(f) - 1))).toMatchObject({ slug: 'strategy-precondition' });
      }
    }
  });

  it('do not carry a robust rule out of the range of the honest ones', () => {
    const honest = fc.array(coordinate, { minLength: 9, maxLength: 9 });
    const hostile = fc.array(fc.constantFrom(-1e9, -7, 0, 7, 1e9), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(honest, hostile, (good, bad) => {
        const updates = [...good, ...bad].map((x) => ({ x: [x] }));
        const [least, most] = [Math.min(...good), Math.max(...good)];
        for (const kind of ['median', 'trimmed-mean', 'bulyan']) {
          const { step } = runRound(
            strategy({ kind, ...(kind === 'median' ? {} : { byzantine: 2 }) }),
            updates,
          );
          expect(step[0]).toBeGreaterThanOrEqual(least - 1e-9);
          expect(step[0]).toBeLessThanOrEqual(most + 1e-9);
        }
      }),
    );
  });

  it('may be a share of those that arrive: floor of it', () => {
    const krum = specOf({ kind: 'krum', byzantine: { fraction: 0.29 } });
    // 0.29 * 100 is 28.999999999999996 in float64.
    expect(lackOfUpdates(krum, 100)).toBeUndefined();
    expect(lackOfUpdates(specOf({ kind: 'bulyan', byzantine: { fraction: 0.25 } }), 100)).toMatch(
      /at least 103 updates \(4f \+ 3 for f = 25 hostile ones\), and there are 100/,
    );
  });

  it('leave multi-Krum no more to select than the others', () => {
    expect(lackOfUpdates(specOf({ kind: 'multi-krum', byzantine: 2, select: 5 }), 7)).toBeUndefined();
    expect(lackOfUpdates(specOf({ kind: 'multi-krum', byzantine: 2, select: 6 }), 7)).toMatch(/select = 6/);
  });
});

describe('the geometric median', () => {
  it('is nearer, in sum of distances, than any update and than the mean', () => {
    fc.assert(
      fc.property(rounds, (updates) => {
        const total = (point: readonly number[]) =>
          updates.reduce(
            (sum, { x, weight }) => sum + weight * Math.hypot(...x.map((v, d) => v - (point[d] ?? 0))),
            0,
          );
        const spec = { kind: 'geometric-median', weightCap: null };
        const found = total(runRound(strategy(spec), updates).step);
        const mean = runRound(strategy({ kind: 'fedavg', weightCap: null }), updates).step;
        for (const other of [mean, ...updates.map(({ x }) => x)]) {
          expect(found).toBeLessThanOrEqual(total(other) * (1 + 1e-4));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('of equal updates is that update', () => {
    const same = [1, 2, 3].map((weight) => ({ x: [0.25, -4], weight }));
    close(runRound(strategy({ kind: 'geometric-median' }), same).step, [0.25, -4]);
  });

  it('is refused where a distance is not finite', () => {
    const far = [{ x: [1e200] }, { x: [-1e200] }];
    expect(() => runRound(strategy({ kind: 'geometric-median' }), far)).toThrow(/not finite/);
  });
});

describe('trust by a trusted silo', () => {
  const fltrust = strategy({ kind: 'fltrust', trustedSilo: 'root' });

  it('needs that silo, and a direction from it', () => {
    expect(fltrust.check(figuresOf([{ x: [1] }]))?.detail).toMatch(/trusted silo root, and it is not there/);
    expect(fltrust.check(figuresOf([{ x: [0], silo: 'root' }]))?.detail).toMatch(/its update is zero/);
  });

  it('is the trusted update alone where nobody else points its way', () => {
    const { step, verdicts } = runRound(fltrust, [
      { x: [-1, -1] },
      { x: [0, 0] },
      { x: [3, 0], silo: 'root' },
    ]);
    expect(step).toEqual([3, 0]);
    expect(verdicts.map(({ included }) => included)).toEqual([false, false, true]);
  });
});
