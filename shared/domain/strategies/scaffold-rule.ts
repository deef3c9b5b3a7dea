import { meanRule } from './mean-rule.ts';
import type { Rule } from './rule.ts';
import type { Weighting } from './weights.ts';

/**
 * Karimireddy, Kale, Mohri, Reddi, Stich and Suresh, "SCAFFOLD: Stochastic Controlled Averaging for Federated
 * Learning", ICML 2020, Algorithm 1: the model moves by the mean of the silos' steps, the server's control variate c by
 * (|S| / N) * mean(delta c_i) = sum(delta c_i) / N, where S are the silos that answered and N are all of the
 * experiment's. c of tensor T is the model's tensor `control/T`; a silo sends delta c_i = c_i+ - c_i in its place
 * and keeps c_i in its state.
 */
export function scaffoldRule(weighting: Weighting, silos: number): Rule {
  const mean = meanRule(weighting);
  return {
    ...mean,
    combine(updates, scales, statistics) {
      const control = { kind: 'mean' as const, coefficients: scales, divisor: silos };
      return { ...mean.combine(updates, scales, statistics), control };
    },
  };
}
