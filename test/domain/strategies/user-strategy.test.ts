import { describe, expect, it } from 'vitest';
import { StrategyFault } from '../../../shared/domain/strategies/strategy-fault.ts';
import {
  foldUserBlock,
  type UserStrategy,
  userStrategyOf,
} from '../../../shared/domain/strategies/user-strategy.ts';
import { figuresOf, runRound, strategy } from './small-federation.ts';

const updates = [{ x: [1] }, { x: [2] }, { x: [9] }];
const spec = { kind: 'module', module: 'mine', parameters: { groups: 2 } };

/** A strategy whose `combine` answers what no type checker saw. */
function answering(answer: unknown): UserStrategy {
  return userStrategyOf('mine', { combine: () => answer });
}

describe('a module of the deployed app', () => {
  it('may answer a built-in combination from what is known of the updates', () => {
    const heaviest: UserStrategy = {
      statistics: 'distances',
      combine({ updates: rows, scales, statistics, parameters }) {
        expect(rows).toHaveLength(3);
        expect(scales).toEqual([1, 1, 0.5]);
        expect(statistics.distances).toHaveLength(9);
        expect(parameters).toEqual({ groups: 2 });
        return { kind: 'mean', coefficients: [0, 3, 1], divisor: 4 };
      },
    };
    const clip = { kind: 'fixed', norm: 4.5 };
    const rule = strategy({ ...spec, clip }, { userStrategy: heaviest });
    const { step, verdicts, plan } = runRound(rule, updates);
    expect(step).toEqual([15 / 4]);
    expect(verdicts.map(({ included, share }) => [included, share])).toEqual([
      [false, 0],
      [true, 0.75],
      [true, 0.25],
    ]);
    expect(plan.integers).toEqual(plan.combination);
  });

  it('may leave each block to its foldBlock', () => {
    const figures = figuresOf(updates);
    const rule = strategy(spec, { userStrategy: { foldBlock: () => {} } });
    const decision = rule.decide(figures, rule.scales(figures, {}), {}, {});
    expect(decision.plan.combination).toEqual({
      kind: 'module',
      module: 'mine',
      scales: [1, 1, 1],
      parameters: { groups: 2 },
    });
    expect(decision.plan.integers).toEqual({ kind: 'mean', coefficients: [0, 0, 0], divisor: 1 });
  });

  it('may refuse parameters and sets that it cannot work with', () => {
    const check: UserStrategy['check'] = ({ groups }, rows) =>
      Number(groups) <= rows.length ? undefined : `at least ${String(groups)} updates`;
    const rule = strategy(spec, { userStrategy: { check, foldBlock: () => {} } });
    expect(rule.check(figuresOf(updates))).toBeUndefined();
    expect(rule.check(figuresOf([{ x: [1] }]))).toMatchObject({
      slug: 'strategy-precondition',
      detail: 'The strategy module needs at least 2 updates.',
    });
  });

  it('may leave every update out, and then nobody has a share', () => {
    const nobody = { kind: 'mean', coefficients: [0, 0, 0], divisor: 1 };
    const { step, verdicts } = runRound(strategy(spec, { userStrategy: answering(nobody) }), updates);
    expect(step).toEqual([0]);
    expect(verdicts).toEqual(updates.map(() => ({ included: false, share: 0 })));
  });

  it('has its members and trims checked and put in order', () => {
    const near = { kind: 'near-median-mean', scales: [1, 1, 1], members: [2, 0], keep: 1 };
    const decided = runRound(strategy(spec, { userStrategy: answering(near) }), updates);
    expect(decided.plan.combination).toEqual({ ...near, members: [0, 2] });
    expect(decided.verdicts.map(({ share }) => share)).toEqual([0.5, 0, 0.5]);
    const trimmed = { kind: 'trimmed-mean', scales: [1, 1, 1], trim: 1 };
    expect(runRound(strategy(spec, { userStrategy: answering(trimmed) }), updates).step).toEqual([2]);
  });

  it.each([
    null,
    7,
    'mean',
    {},
    { kind: 'module' },
    { kind: 'mean', coefficients: [1, 1, 1] },
    { kind: 'mean', coefficients: [1, 1, 1], divisor: 0 },
    { kind: 'mean', coefficients: [1, 1], divisor: 1 },
    { kind: 'mean', coefficients: [1, 1, Number.NaN], divisor: 1 },
    { kind: 'mean', coefficients: [1, 1, Number.POSITIVE_INFINITY], divisor: 1 },
    { kind: 'mean', coefficients: ['1', '1', '1'], divisor: 1 },
    { kind: 'median' },
    { kind: 'trimmed-mean', scales: [1, 1, 1], trim: 2 },
    { kind: 'trimmed-mean', scales: [1, 1, 1], trim: -1 },
    { kind: 'near-median-mean', scales: [1, 1, 1], keep: 1 },
    { kind: 'near-median-mean', scales: [1, 1, 1], members: 2, keep: 1 },
    { kind: 'near-median-mean', scales: [1, 1, 1], members: [0, 0], keep: 1 },
    { kind: 'near-median-mean', scales: [1, 1, 1], members: [0, 3], keep: 1 },
    { kind: 'near-median-mean', scales: [1, 1, 1], members: [0, 1], keep: 3 },
    { kind: 'near-median-mean', scales: [1, 1, 1], members: [], keep: 0 },
  ])('fails the attempt with the answer %j', (answer) => {
    expect(() => runRound(strategy(spec, { userStrategy: answering(answer) }), updates)).toThrow(
      StrategyFault,
    );
  });

  it.each([
    undefined,
    null,
    {},
    { combine: 1 },
    { foldBlock: 'x' },
    { foldBlock() {}, statistics: 'products' },
  ])('is no strategy when it exports %j', (exported) => {
    expect(() => userStrategyOf('mine', exported)).toThrow(/^strategies\/mine exports /);
  });

  it('is missed where it was not deployed', () => {
    expect(() => strategy(spec)).toThrow('The deployed app has no strategies/mine.');
  });
});

describe('a block folded by a module', () => {
  const columns = [Float64Array.of(1, 2), Float64Array.of(3, 6)];

  it('is what the module wrote', () => {
    const out = new Float64Array(2);
    const smallest: UserStrategy = {
      foldBlock(given, result) {
        for (let i = 0; i < result.length; i++) {
          result[i] = Math.min(...given.map((column) => column[i] ?? Number.NaN));
        }
      },
    };
    foldUserBlock('mine', smallest, columns, out, {});
    expect([...out]).toEqual([1, 2]);
  });

  it('is refused where the module left a hole, or never could fold', () => {
    const half: UserStrategy = { foldBlock: (_, out) => void (out[0] = 1) };
    expect(() => foldUserBlock('mine', half, columns, new Float64Array(2), {})).toThrow(StrategyFault);
    expect(() =>
      foldUserBlock('mine', { combine: () => undefined }, columns, new Float64Array(2), {}),
    ).toThrow('strategies/mine exports no foldBlock');
  });
});
