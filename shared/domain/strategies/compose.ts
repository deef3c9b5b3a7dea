/** Puts the stages of a strategy together: clip -> rule -> server optimiser. */
import { refuse } from '../../contracts/refusals.ts';
import type { Clipping } from './clipping.ts';
import type { Strategy } from './decision.ts';
import type { ServerStep, SumMode } from './fold-plan.ts';
import type { Rule } from './rule.ts';

export function composeStrategy(stages: {
  kind: string;
  clipping: Clipping;
  rule: Rule;
  server: ServerStep;
  sumMode: SumMode;
}): Strategy {
  const { kind, clipping, rule, server, sumMode } = stages;
  const { statistics } = rule;
  return {
    kind,
    statistics,
    ...(rule.trusted === undefined ? {} : { trusted: rule.trusted }),
    check(updates) {
      const lack = updates.length === 0 ? 'an update, and there is none' : rule.lacks?.(updates);
      return lack === undefined
        ? undefined
        : refuse('strategy-precondition', `The strategy ${kind} needs ${lack}.`);
    },
    scales: (updates, scalars) => clipping.scales(updates, scalars),
    decide(updates, scales, measured, scalars) {
      const { verdicts, ...combined } = rule.combine(updates, scales, measured);
      return {
        plan: { sumMode, ...combined, server },
        verdicts,
        scalars: clipping.next(updates, scalars),
      };
    },
  };
}
