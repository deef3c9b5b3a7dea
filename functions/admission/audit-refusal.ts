import type { Refusal } from '../../shared/contracts/refusals.ts';
import type { Services } from '../../shared/ports/services.ts';

/**
 * Records a refusal that moves nothing: by the message's digest, so that a redelivery is not counted twice. Messages
 * that name no known experiment share the partition `unknown`.
 */
export async function auditRefusal(
  about: { experiment: string | null; participation: string | null; actor: string; digest: string },
  refusal: Refusal,
  services: Services,
): Promise<void> {
  await services.audit.append({
    id: `refusal.${about.digest}`,
    experimentId: about.experiment ?? 'unknown',
    at: new Date(services.clock.now()).toISOString(),
    actor: about.actor,
    action: 'update-received',
    outcome: 'refused',
    slug: refusal.slug,
    detail: refusal.detail,
    participation: about.participation,
    messageDigest: about.digest,
  });
}
