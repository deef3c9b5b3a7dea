import { describe, expect, it } from 'vitest';
import { faultsOf } from '../../shared/contracts/faults.ts';
import { experimentSpec } from '../../shared/contracts/spec.ts';
import { checkSpec } from '../../shared/domain/check-spec.ts';
import { configOf, reportedMetricsOf } from '../../shared/domain/strategies/task-of-strategy.ts';
import { specOf } from './strategies/small-federation.ts';

const silos = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

function written(strategy: object, more: object = {}) {
  return { name: 's', silos, rounds: 1, initialModel: { kind: 'init', silo: 'a' }, strategy, ...more };
}

/** The path of the first fault, or ok. */
function verdict(strategy: object, more: object = {}): string {
  const checked = checkSpec(written(strategy, more), '2026-01-01T00:00:00.000Z');
  return checked.ok ? 'ok' : `${checked.slug} ${checked.faults[0]?.path ?? ''}`;
}

describe('the strategy of a specification', () => {
  it('is federated averaging with a cap by default', () => {
    const { strategy } = experimentSpec.parse(written({ kind: 'fedavg' }));
    expect(strategy).toEqual({ kind: 'fedavg', weighting: 'examples', weightCap: 10, sum: 'canonical' });
    const { strategy: _, ...without } = written({});
    expect(experimentSpec.parse(without).strategy).toEqual(strategy);
  });

  it('has the defaults of its paper', () => {
    expect(specOf({ kind: 'fedadam' })).toMatchObject({
      learningRate: 0.1,
      beta1: 0.9,
      beta2: 0.99,
      tau: 1e-3,
    });
    expect(specOf({ kind: 'fedadagrad' })).toMatchObject({ beta1: 0 });
    expect(specOf({ kind: 'fedavgm' })).toMatchObject({ learningRate: 1, momentum: 0.9 });
    expect(specOf({ kind: 'fedavg', clip: { kind: 'adaptive' } })).toMatchObject({
      clip: { initialNorm: 0.1, quantile: 0.5, learningRate: 0.2 },
    });
    expect(specOf({ kind: 'scaffold' })).toMatchObject({ weighting: 'equal' });
  });

  it('is read strictly, with what was probably meant', () => {
    const document = written({ kind: 'krum', byzantin: 1, clip: { kind: 'fixed', nrm: 1 } });
    const parsed = experimentSpec.safeParse(document);
    const found = parsed.success ? [] : faultsOf(parsed.error, experimentSpec);
    const suggestions = found.map(({ path, suggestion }) => [path, suggestion]);
    expect(suggestions).toContainEqual(['strategy.byzantin', 'byzantine']);
    expect(suggestions).toContainEqual(['strategy.clip.nrm', 'norm']);
  });

  it.each([
    { kind: 'nothing' },
    { kind: 'krum' },
    { kind: 'fedprox' },
    { kind: 'fltrust' },
    { kind: 'median', weighting: 'equal' },
    { kind: 'trimmed-mean', byzantine: 0.2 },
    { kind: 'trimmed-mean', byzantine: { fraction: 0.5 } },
    { kind: 'fedavg', clip: { kind: 'fixed', norm: 0 } },
    { kind: 'fedavg', server: { kind: 'adam', beta1: 1 } },
    { kind: 'fedavg', weightCap: 0.5 },
    { kind: 'fedadam', server: { kind: 'sgd' } },
    { kind: 'median', sum: 'exact' },
    { kind: 'module', module: '../etc' },
    { kind: 'module', module: 'a/b' },
    { kind: 'module', module: 'A' },
    { kind: 'module', module: 'a', parameters: { x: null } },
  ])('is refused as %j', (strategy) => {
    expect(verdict(strategy)).toMatch(/^spec-/);
  });
});

describe('what no round could satisfy', () => {
  it('is too few updates for what must be withstood', () => {
    expect(verdict({ kind: 'krum', byzantine: 2 })).toBe('ok');
    expect(verdict({ kind: 'krum', byzantine: 3 })).toBe('spec-invalid strategy');
    expect(verdict({ kind: 'trimmed-mean', byzantine: 3 })).toBe('ok');
    expect(verdict({ kind: 'trimmed-mean', byzantine: 4 })).toBe('spec-invalid strategy');
    expect(verdict({ kind: 'bulyan', byzantine: 1 })).toBe('ok');
    expect(verdict({ kind: 'bulyan', byzantine: 2 })).toBe('spec-invalid strategy');
  });

  it('counts from the quorum, not from who is asked', () => {
    const quorum = (least: number) => ({ roundPolicy: { quorum: least } });
    expect(verdict({ kind: 'krum', byzantine: 2 }, quorum(6))).toBe('spec-invalid strategy');
    expect(verdict({ kind: 'krum', byzantine: 1 }, quorum(5))).toBe('ok');
    expect(verdict({ kind: 'krum', byzantine: { fraction: 0.2 } }, quorum(5))).toBe('ok');
    // Six updates would do, seven would not: a share of hostile ones grows with the round.
    expect(verdict({ kind: 'bulyan', byzantine: { fraction: 0.15 } }, quorum(6))).toBe('ok');
    expect(verdict({ kind: 'bulyan', byzantine: { fraction: 0.29 } }, quorum(3))).toBe(
      'spec-invalid strategy',
    );
    expect(verdict({ kind: 'multi-krum', byzantine: 1, select: 6 })).toBe('ok');
    expect(verdict({ kind: 'multi-krum', byzantine: 1, select: 6 }, quorum(6))).toBe('spec-invalid strategy');
  });

  it('is a trusted silo that is not always asked', () => {
    expect(verdict({ kind: 'fltrust', trustedSilo: 'c' })).toBe('ok');
    expect(verdict({ kind: 'fltrust', trustedSilo: 'z' })).toBe('spec-invalid strategy.trustedSilo');
    expect(verdict({ kind: 'fltrust', trustedSilo: 'c' }, { roundPolicy: { cohort: { size: 6 } } })).toBe(
      'spec-invalid roundPolicy.cohort',
    );
  });

  it('is an exact sum of clipped updates', () => {
    const clip = { kind: 'fixed', norm: 1 };
    expect(verdict({ kind: 'fedavg', sum: 'exact' })).toBe('ok');
    expect(verdict({ kind: 'fedavg', sum: 'exact', clip })).toBe('spec-invalid strategy.sum');
    expect(verdict({ kind: 'scaffold', sum: 'exact', clip })).toBe('spec-invalid strategy.sum');
  });

  it('is a mu that the configuration sets, too', () => {
    const config = { training: { config: { 'proximal-mu': 1 } } };
    expect(verdict({ kind: 'fedprox', mu: 0.1 }, config)).toBe('spec-invalid training.config.proximal-mu');
    expect(verdict({ kind: 'fedavg' }, config)).toBe('ok');
  });
});

describe('what a strategy tells training code', () => {
  it("is FedProx's mu, under Flower's name", () => {
    expect(configOf(specOf({ kind: 'fedprox', mu: 0.25 }))).toEqual({ 'proximal-mu': 0.25 });
    expect(configOf(specOf({ kind: 'fedavg' }))).toEqual({});
  });

  it('is that FedNova needs the number of local steps, whatever other metrics are kept', () => {
    const fednova = specOf({ kind: 'fednova' });
    expect(reportedMetricsOf(fednova, ['loss'])).toEqual(['loss', 'local_steps']);
    expect(reportedMetricsOf(fednova, ['local_steps'])).toEqual(['local_steps']);
    expect(reportedMetricsOf(fednova, [])).toEqual([]);
    expect(reportedMetricsOf(specOf({ kind: 'fedavg' }), ['loss'])).toEqual(['loss']);
  });
});
