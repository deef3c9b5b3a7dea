import { describe, expect, it } from 'vitest';
import type { UpdateFigures } from '../../../shared/domain/strategies/decision.ts';
import { figuresOf, runRound, strategy } from './small-federation.ts';

describe('clipping', () => {
  it('scales only updates above the norm, and leaves weights and integers alone', () => {
    const clipped = strategy({ kind: 'fedavg', clip: { kind: 'fixed', norm: 5 } });
    const { plan, step, verdicts } = runRound(clipped, [{ x: [3, 4] }, { x: [6, 8] }, { x: [0, 0] }]);
    expect(plan.combination).toMatchObject({ coefficients: [1, 0.5, 1], divisor: 3 });
    expect(plan.integers).toMatchObject({ coefficients: [1, 1, 1], divisor: 3 });
    expect(step).toEqual([2, 8 / 3]);
    expect(verdicts.map(({ share }) => share)).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });

  it('comes before every rule', () => {
    const clip = { kind: 'fixed', norm: 1 };
    const updates = [[1], [4], [0.5], [2], [0.25]].map((x) => ({ x }));
    const scales = [1, 0.25, 1, 0.5, 1];
    for (const kind of ['median', 'trimmed-mean', 'bulyan'] as const) {
      const { plan } = runRound(
        strategy({ kind, clip, ...(kind === 'median' ? {} : { byzantine: 0 }) }),
        updates,
      );
      expect(plan.combination).toMatchObject({ scales });
    }
    const krum = runRound(strategy({ kind: 'krum', byzantine: 1, clip }), updates);
    expect(krum.step).toEqual([1]);
    const nova = updates.map((update) => ({ ...update, metrics: { local_steps: 3 } }));
    expect(runRound(strategy({ kind: 'fednova', clip }), nova).plan.combination).toMatchObject({
      coefficients: scales,
    });
    const scaffold = runRound(strategy({ kind: 'scaffold', clip }), updates);
    expect(scaffold.plan.control).toMatchObject({ coefficients: scales });
  });

  it('of the trusted update shortens every step, not its direction', () => {
    const updates = [
      { x: [8, 6], silo: 'a' },
      { x: [4, 3], silo: 'root' },
    ];
    const spec = { kind: 'fltrust', trustedSilo: 'root' };
    expect(runRound(strategy(spec), updates).step).toEqual([4, 3]);
    const clipped = runRound(strategy({ ...spec, clip: { kind: 'fixed', norm: 2.5 } }), updates).step;
    expect(clipped[0]).toBeCloseTo(2, 12);
    expect(clipped[1]).toBeCloseTo(1.5, 12);
  });
});

describe('adaptive clipping', () => {
  const adaptive = strategy({ kind: 'fedavg', clip: { kind: 'adaptive' } });

  it('begins at its first norm and multiplies by exp(-rate * (share within - quantile))', () => {
    const updates = [0.05, 0.1, 0.2, 0.4].map((x) => ({ x: [x] }));
    const first = runRound(adaptive, updates);
    expect(first.plan.combination).toMatchObject({ coefficients: [1, 1, 0.5, 0.25] });
    // Half lie within: the norm stays where it is.
    expect(first.scalars).toEqual({ clipNorm: 0.1 });
    const second = runRound(adaptive, updates, { clipNorm: 0.5 });
    expect(second.plan.combination).toMatchObject({ coefficients: [1, 1, 1, 1] });
    expect(second.scalars['clipNorm']).toBeCloseTo(0.5 * Math.exp(-0.2 * 0.5), 15);
    const third = runRound(adaptive, updates, { clipNorm: 0.01 });
    expect(third.scalars['clipNorm']).toBeCloseTo(0.01 * Math.exp(0.2 * 0.5), 15);
  });

  it.each([0.1, 10])('from %d comes within 5 % of the median norm in 100 rounds', (initialNorm) => {
    const rule = strategy({ kind: 'fedavg', clip: { kind: 'adaptive', initialNorm } });
    const figures = lognormalNorms(101);
    const median = figures.map(({ norm }) => norm).toSorted((a, b) => a - b)[50] ?? Number.NaN;
    let scalars = {};
    for (let round = 0; round < 100; round++) {
      scalars = rule.decide(figures, rule.scales(figures, scalars), {}, scalars).scalars;
    }
    expect(Math.abs(Reflect.get(scalars, 'clipNorm') / median - 1)).toBeLessThan(0.05);
  });

  it('survives ten thousand rounds of zero updates', () => {
    const zeros = figuresOf([{ x: [0] }]);
    let scalars = {};
    for (let round = 0; round < 10_000; round++) {
      scalars = adaptive.decide(zeros, adaptive.scales(zeros, scalars), {}, scalars).scalars;
    }
    expect(adaptive.scales(figuresOf([{ x: [0] }, { x: [1] }]), scalars)).toEqual([1, 2 ** -100]);
  });
});

/** Norms at the quantiles of a lognormal distribution: exp of a logistic's quantiles, near enough to a normal's. */
function lognormalNorms(count: number): UpdateFigures[] {
  return figuresOf(
    Array.from({ length: count }, (_, i) => {
      const quantile = (i + 0.5) / count;
      return { x: [Math.exp(0.55 * Math.log(quantile / (1 - quantile)))] };
    }),
  );
}
