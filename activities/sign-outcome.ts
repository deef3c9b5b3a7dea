import type { OutcomeBody, SignedOutcome } from '../shared/contracts/outcome.ts';
import type { KeyRing } from '../shared/ports/key-ring.ts';
import { signBody } from '../shared/sealing/signature.ts';

/** A silo acts on an outcome only if the coordinator's pinned key signed it. */
export async function signOutcome(body: OutcomeBody, keys: KeyRing): Promise<SignedOutcome> {
  const { jwk } = await keys.planSigningKey();
  const sig = await signBody('tributary/outcome/1', body, (digest) => keys.signAsCoordinator(digest));
  return { kind: 'outcome', body, key: jwk, sig };
}
