import type { ModuleParameters } from '../../contracts/strategy-spec.ts';
import { equalVerdicts, type Rule, type RuleDecision, unmoved } from './rule.ts';
import { checkedCombination } from './user-combination.ts';
import type { BuiltInCombination, UserStrategy } from './user-strategy.ts';

/** A rule that a module of the deployed app makes. */
export function moduleRule(name: string, parameters: ModuleParameters, strategy: UserStrategy): Rule {
  return {
    statistics: strategy.statistics ?? 'none',
    lacks: (updates) => strategy.check?.(parameters, updates),
    combine(updates, scales, statistics) {
      const count = updates.length;
      const answer = strategy.combine?.({ updates, scales, statistics, parameters });
      if (answer !== undefined) return decisionOf(checkedCombination(name, answer, count), count);
      const combination = { kind: 'module' as const, module: name, scales, parameters };
      return { combination, integers: unmoved(count), verdicts: equalVerdicts(count) };
    },
  };
}

function decisionOf(combination: BuiltInCombination, count: number): RuleDecision {
  switch (combination.kind) {
    case 'mean': {
      const sizes = combination.coefficients.map(Math.abs);
      const total = sizes.reduce((sum, size) => sum + size, 0) || 1;
      const verdicts = sizes.map((size) => ({ included: size > 0, share: size / total }));
      return { combination, integers: combination, verdicts };
    }
    case 'near-median-mean': {
      const members = new Set(combination.members);
      const verdicts = Array.from({ length: count }, (_, i) => ({
        included: members.has(i),
        share: members.has(i) ? 1 / members.size : 0,
      }));
      return { combination, integers: unmoved(count), verdicts };
    }
    default:
      return { combination, integers: unmoved(count), verdicts: equalVerdicts(count) };
  }
}
