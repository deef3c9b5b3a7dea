import type { ServerSpec, StrategySpec } from '../../contracts/strategy-spec.ts';
import { bulyanRule } from './bulyan-rule.ts';
import { clippingOf } from './clipping.ts';
import { composeStrategy } from './compose.ts';
import type { Strategy } from './decision.ts';
import { fednovaRule } from './fednova-rule.ts';
import { fltrustRule } from './fltrust-rule.ts';
import { geometricMedianRule } from './geometric-median-rule.ts';
import { krumRule } from './krum-rule.ts';
import { meanRule, stalenessDiscount } from './mean-rule.ts';
import { moduleRule } from './module-rule.ts';
import { lackOfUpdates } from './needed-updates.ts';
import { medianRule, trimmedMeanRule } from './order-statistics-rules.ts';
import type { Rule } from './rule.ts';
import { scaffoldRule } from './scaffold-rule.ts';
import { serverStepOf } from './server-step.ts';
import { StrategyFault } from './strategy-fault.ts';
import { sumModeOf } from './sum-mode.ts';
import type { UserStrategy } from './user-strategy.ts';

/** What a strategy must know beside its spec. */
export interface StrategySurroundings {
  /** How many silos the experiment has: SCAFFOLD's N. */
  readonly silos: number;
  /** The loaded module of `kind: module`. */
  readonly userStrategy?: UserStrategy;
}

/** The strategy that a spec names. Throws StrategyFault where the spec names a module and none was handed in. */
export function strategyOf(spec: StrategySpec, surroundings: StrategySurroundings): Strategy {
  const rule = ruleOf(spec, surroundings);
  return composeStrategy({
    kind: spec.kind,
    clipping: clippingOf(spec.clip),
    rule: {
      ...rule,
      lacks: (updates) => lackOfUpdates(spec, updates.length) ?? rule.lacks?.(updates),
    },
    server: serverStepOf(serverOf(spec)),
    sumMode: sumModeOf(spec),
  });
}

function ruleOf(spec: StrategySpec, { silos, userStrategy }: StrategySurroundings): Rule {
  switch (spec.kind) {
    case 'fedavg':
    case 'fedavgm':
    case 'fedadam':
    case 'fedyogi':
    case 'fedadagrad':
    case 'fedprox':
      return meanRule(spec);
    case 'scaffold':
      return scaffoldRule(spec, silos);
    case 'fednova':
      return fednovaRule(spec);
    case 'fedbuff':
      return meanRule({ ...spec, discount: stalenessDiscount });
    case 'median':
      return medianRule();
    case 'trimmed-mean':
      return trimmedMeanRule(spec.byzantine);
    case 'geometric-median':
      return geometricMedianRule(spec);
    case 'krum':
      return krumRule({ byzantine: spec.byzantine, select: 1, weighting: 'equal', weightCap: null });
    case 'multi-krum':
      return krumRule({ ...spec, select: spec.select });
    case 'bulyan':
      return bulyanRule(spec.byzantine);
    case 'fltrust':
      return fltrustRule(spec.trustedSilo);
    case 'module':
      if (userStrategy === undefined) {
        throw new StrategyFault(`The deployed app has no strategies/${spec.module}.`);
      }
      return moduleRule(spec.module, spec.parameters, userStrategy);
  }
}

/** The presets are federated averaging with a server optimiser. */
function serverOf(spec: StrategySpec): ServerSpec | undefined {
  switch (spec.kind) {
    case 'fedavgm':
      return { kind: 'momentum', learningRate: spec.learningRate, momentum: spec.momentum };
    case 'fedadam':
    case 'fedyogi': {
      const { learningRate, beta1, beta2, tau } = spec;
      return { kind: spec.kind === 'fedadam' ? 'adam' : 'yogi', learningRate, beta1, beta2, tau };
    }
    case 'fedadagrad':
      return { kind: 'adagrad', learningRate: spec.learningRate, beta1: spec.beta1, tau: spec.tau };
    default:
      return spec.server;
  }
}
