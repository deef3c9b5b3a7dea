import { describe, expect, it } from 'vitest';
import { figuresOf, runRound, SmallServer, strategy } from './small-federation.ts';

const [north, south] = [
  { x: [1, 10], weight: 1 },
  { x: [4, -20], weight: 2 },
];

describe('federated averaging', () => {
  it('by default weighs by examples and adds the step, with whole coefficients and one division', () => {
    const { plan, step, scalars } = runRound(strategy({ kind: 'fedavg' }), [north, south]);
    expect(step).toEqual([3, -10]);
    expect(plan).toEqual({
      sumMode: 'canonical-f64/1',
      combination: { kind: 'mean', coefficients: [1, 2], divisor: 3 },
      integers: { kind: 'mean', coefficients: [1, 2], divisor: 3 },
      server: { kind: 'add', learningRate: 1 },
    });
    expect(scalars).toEqual({});
  });

  it('weighs equally where told, and then needs no cap', () => {
    const { step } = runRound(strategy({ kind: 'fedavg', weighting: 'equal', weightCap: 1 }), [north, south]);
    expect(step).toEqual([2.5, -5]);
  });

  it('lets nobody weigh more than ten times the median, and says what each weighed', () => {
    const weights = [10, 1_000_000, 10, 12, 8];
    const updates = weights.map((weight) => ({ x: [1], weight }));
    const { plan, verdicts } = runRound(strategy({ kind: 'fedavg' }), updates);
    expect(plan.combination).toMatchObject({ coefficients: [10, 100, 10, 12, 8], divisor: 140 });
    expect(verdicts.map(({ share }) => share * 140)).toEqual([10, 100, 10, 12, 8]);
    const uncapped = runRound(strategy({ kind: 'fedavg', weightCap: null }), updates);
    expect(uncapped.plan.combination).toMatchObject({ coefficients: weights });
  });

  it('takes the mean of the middle two as median, so that a cap never bites between two silos', () => {
    const pair = [
      { x: [1], weight: 1 },
      { x: [1], weight: 2 ** 29 - 1 },
    ];
    expect(runRound(strategy({ kind: 'fedavg' }), pair).plan.combination).toMatchObject({
      coefficients: [1, 2 ** 29 - 1],
    });
    const four = [1, 2, 3, 1_000].map((weight) => ({ x: [1], weight }));
    expect(runRound(strategy({ kind: 'fedavg', weightCap: 3 }), four).plan.combination).toMatchObject({
      coefficients: [1, 2, 3, 7],
    });
  });

  it('declares exact sums where asked', () => {
    const exact = runRound(strategy({ kind: 'fedavg', sum: 'exact' }), [north, south]);
    expect(exact.plan.sumMode).toBe('exact-fixed/1');
    for (const coefficient of exact.plan.integers.coefficients)
      expect(coefficient).toSatisfy(Number.isInteger);
  });

  it('needs an update', () => {
    expect(strategy({ kind: 'fedavg' }).check([])).toMatchObject({ slug: 'strategy-precondition' });
  });
});

describe('server optimisers', () => {
  /** Steps of 1 and then -2 on one parameter, by hand. */
  function twoRounds(spec: { kind: string } & Record<string, unknown>): number[] {
    const server = new SmallServer([0]);
    const rule = strategy(spec);
    return [1, -2].map((x) => {
      const { plan, step } = runRound(rule, [{ x: [x] }]);
      return server.apply(plan, step)[0] ?? Number.NaN;
    });
  }

  it('momentum keeps a share of the last step', () => {
    expect(twoRounds({ kind: 'fedavgm', learningRate: 0.5, momentum: 0.5 })).toEqual([0.5, -0.25]);
  });

  it('Adam divides the first moment by the root of the second', () => {
    const [first = 0, second = 0] = twoRounds({
      kind: 'fedadam',
      learningRate: 1,
      beta1: 0.5,
      beta2: 0.5,
      tau: 0.5,
    });
    expect(first).toBeCloseTo(0.5 / (Math.SQRT1_2 + 0.5), 12);
    expect(second).toBeCloseTo(first - 0.75 / (1.5 + 0.5), 12);
  });

  it("Yogi's second moment moves by the sign of the difference", () => {
    const [first = 0, second = 0] = twoRounds({
      kind: 'fedyogi',
      learningRate: 1,
      beta1: 0.5,
      beta2: 0.5,
      tau: 0.5,
    });
    expect(first).toBeCloseTo(0.5 / (Math.SQRT1_2 + 0.5), 12);
    expect(second).toBeCloseTo(first - 0.75 / (Math.sqrt(0.5 + 2) + 0.5), 12);
  });

  it('Adagrad adds up squares', () => {
    const [first = 0, second = 0] = twoRounds({ kind: 'fedadagrad', learningRate: 1, tau: 0.5 });
    expect(first).toBeCloseTo(1 / 1.5, 12);
    expect(second).toBeCloseTo(first - 2 / (Math.sqrt(5) + 0.5), 12);
  });

  it('come with any rule, and presets are nothing but fedavg with one', () => {
    const adam = { kind: 'adam', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 1e-3 };
    const planOf = (spec: { kind: string } & Record<string, unknown>) =>
      runRound(strategy(spec), [north, south]).plan;
    expect(planOf({ kind: 'fedadam' })).toEqual(planOf({ kind: 'fedavg', server: { kind: 'adam' } }));
    expect(planOf({ kind: 'fedyogi' })).toEqual(planOf({ kind: 'fedavg', server: { kind: 'yogi' } }));
    expect(planOf({ kind: 'fedavgm' })).toEqual(planOf({ kind: 'fedavg', server: { kind: 'momentum' } }));
    expect(planOf({ kind: 'fedadagrad' })).toEqual(planOf({ kind: 'fedavg', server: { kind: 'adagrad' } }));
    expect(planOf({ kind: 'median', server: adam }).server).toEqual(adam);
    expect(planOf({ kind: 'median', server: { kind: 'sgd', learningRate: 0.5 } }).server).toEqual({
      kind: 'add',
      learningRate: 0.5,
    });
  });
});

describe('normalised averaging', () => {
  const steps = (count: number) => ({ local_steps: count });
  const fednova = strategy({ kind: 'fednova' });

  it('weighs what a silo did in a step, and goes as far as the silos went on average', () => {
    // p = 1/4 and 3/4; tau_eff = 10/4 + 30/4 * ... by hand: (1 * 10 + 3 * 2) / 4 = 4.
    const { step } = runRound(fednova, [
      { x: [10], weight: 1, metrics: steps(10) },
      { x: [-4], weight: 3, metrics: steps(2) },
    ]);
    expect(step[0]).toBeCloseTo(4 * (0.25 * 1 + 0.75 * -2), 12);
  });

  it('is federated averaging to the bit where all take as many steps', () => {
    const updates = [0.1, 0.7, -1.3].map((x, i) => ({ x: [x], weight: 7 * i + 3, metrics: steps(37) }));
    const { plan } = runRound(fednova, updates);
    expect(plan).toEqual(runRound(strategy({ kind: 'fedavg' }), updates).plan);
  });

  it.each([{}, steps(0), steps(-1), steps(1.5), steps(2 ** 60)])(
    'names the silo that reports %j',
    (metrics) => {
      const updates = figuresOf([
        { x: [1], metrics: steps(1) },
        { x: [1], silo: 'lazy', metrics },
      ]);
      expect(fednova.check(updates)).toMatchObject({
        slug: 'strategy-precondition',
        detail: expect.stringMatching(/local_steps.*lazy\.$/) as string,
      });
    },
  );
});

describe('control variates', () => {
  it('move by the sum over those that answered, divided by all silos of the experiment', () => {
    const scaffold = strategy({ kind: 'scaffold', server: { kind: 'sgd', learningRate: 0.5 } }, { silos: 8 });
    const { plan } = runRound(scaffold, [north, south]);
    expect(plan.control).toEqual({ kind: 'mean', coefficients: [1, 1], divisor: 8 });
    expect(plan.combination).toEqual({ kind: 'mean', coefficients: [1, 1], divisor: 2 });
    expect(plan.server).toEqual({ kind: 'add', learningRate: 0.5 });
  });

  it('are nothing that other strategies touch', () => {
    expect(runRound(strategy({ kind: 'fedavg' }), [north, south]).plan.control).toBeUndefined();
  });
});

describe('buffered asynchronous averaging', () => {
  it('discounts by one over the root of one plus staleness, and divides by the whole weight', () => {
    const { plan, verdicts } = runRound(strategy({ kind: 'fedbuff' }), [
      { x: [1], weight: 4 },
      { x: [1], weight: 4, staleness: 3 },
    ]);
    expect(plan.combination).toEqual({ kind: 'mean', coefficients: [4, 2], divisor: 8 });
    expect(verdicts.map(({ share }) => share)).toEqual([2 / 3, 1 / 3]);
  });
});
