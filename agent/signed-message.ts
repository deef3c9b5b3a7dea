/** Is this message the coordinator's word? Everything else on the queue is logged, settled and forgotten. */
import { type OutcomeBody, signedOutcome } from '../shared/contracts/outcome.ts';
import { type Plan, signedPlan } from '../shared/contracts/plan.ts';
import { type Refusal, refuse } from '../shared/contracts/refusals.ts';
import { jwkThumbprint, verifySignature } from '../shared/sealing/signature.ts';

export type VerifiedMessage =
  | { readonly ok: true; readonly kind: 'plan'; readonly plan: Plan }
  | { readonly ok: true; readonly kind: 'outcome'; readonly outcome: OutcomeBody }
  | Refusal<'plan-signature'>;

/** `pin` is the RFC 7638 thumbprint of the only key that this silo acts on. */
export function verifyMessage(body: unknown, pin: string): VerifiedMessage {
  const kind = typeof body === 'object' && body !== null && 'kind' in body ? body.kind : undefined;
  if (kind === 'plan') {
    const parsed = signedPlan.safeParse(body);
    if (!parsed.success) return malformed('plan');
    const { key, plan, sig } = parsed.data;
    if (jwkThumbprint(key) !== pin) return foreign('plan');
    if (!verifySignature('tributary/plan/1', plan, sig, key)) return forged('plan');
    return { ok: true, kind, plan };
  }
  if (kind === 'outcome') {
    const parsed = signedOutcome.safeParse(body);
    if (!parsed.success) return malformed('outcome');
    const { key, body: outcome, sig } = parsed.data;
    if (jwkThumbprint(key) !== pin) return foreign('outcome');
    if (!verifySignature('tributary/outcome/1', outcome, sig, key)) return forged('outcome');
    return { ok: true, kind, outcome };
  }
  return refuse('plan-signature', 'The message is neither a plan nor an outcome.');
}

function malformed(what: string): Refusal<'plan-signature'> {
  return refuse('plan-signature', `The message is not a well-formed ${what}.`);
}
function foreign(what: string): Refusal<'plan-signature'> {
  return refuse('plan-signature', `The ${what} names a key that is not the pinned one.`);
}
function forged(what: string): Refusal<'plan-signature'> {
  return refuse('plan-signature', `The signature does not fit the ${what}.`);
}
