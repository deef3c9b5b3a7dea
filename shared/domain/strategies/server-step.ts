import type { ServerSpec } from '../../contracts/strategy-spec.ts';
import type { ServerStep } from './fold-plan.ts';

/**
 * The server's optimiser as a plan carries it. Momentum: Hsu, Qi and Brown, "Measuring the Effects of Non-Identical
 * Data Distribution for Federated Visual Classification", 2019. Adam, Yogi, Adagrad: Reddi et al., "Adaptive Federated
 * Optimization", ICLR 2021, Algorithm 2 (no bias correction).
 */
export function serverStepOf(spec: ServerSpec | undefined): ServerStep {
  if (spec === undefined) return { kind: 'add', learningRate: 1 };
  switch (spec.kind) {
    case 'sgd':
      return { kind: 'add', learningRate: spec.learningRate };
    case 'momentum':
      return { ...spec };
    case 'adagrad':
      return { ...spec, beta2: 0 };
    case 'adam':
    case 'yogi':
      return { ...spec };
  }
}
