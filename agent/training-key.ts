import type { Plan } from '../shared/contracts/plan.ts';
import { bodyDigest } from '../shared/sealing/signature.ts';

/**
 * What a training result depends on, as a digest. The attempt, its deadline, nonce and limits are not part of it: a
 * second attempt at the same round finds the result of the first and seals it anew instead of training again.
 */
export function trainingKey(plan: Plan): string {
  const { experiment, round, kind, base, schema, task } = plan;
  return bodyDigest({
    experiment,
    round,
    base: base?.sha256 ?? null,
    task: bodyDigest({ kind, base, schema, task }),
  });
}
