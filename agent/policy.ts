import type { Plan } from '../shared/contracts/plan.ts';
import { type Refusal, refuse } from '../shared/contracts/refusals.ts';
import type { SiloPolicy } from './config.ts';

/** Why this silo will not take part, before anything is downloaded; undefined where it will. */
export function policyRefusal(
  plan: Plan,
  policy: SiloPolicy,
): Refusal<'policy-declined' | 'roster-mismatch'> | undefined {
  if (!policy.tasks.includes(plan.kind)) {
    return refuse('policy-declined', `This silo's policy does not allow the task "${plan.kind}".`);
  }
  if (policy.rosterDigests.length > 0 && !policy.rosterDigests.includes(plan.rosterDigest)) {
    return refuse('roster-mismatch', 'The plan names a roster that this silo did not agree to.');
  }
  if (policy.maxBaseBytes !== undefined && (plan.base?.bytes ?? 0) > policy.maxBaseBytes) {
    return refuse('policy-declined', `The model is larger than this silo's policy allows.`);
  }
  if (plan.kind !== 'init' && (plan.base === null || plan.schema === null)) {
    return refuse('policy-declined', `A plan to ${plan.kind} without a model cannot be carried out.`);
  }
  return undefined;
}

/** Why a result stays here: too few examples stand behind it. The number itself is not told. */
export function resultRefusal(
  numExamples: number,
  policy: SiloPolicy,
): Refusal<'policy-declined'> | undefined {
  if (numExamples >= policy.minExamples) return undefined;
  return refuse('policy-declined', `The result rests on fewer examples than this silo's policy asks for.`);
}
