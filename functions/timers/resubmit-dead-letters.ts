import { refuse } from '../../shared/contracts/refusals.ts';
import type { Services } from '../../shared/ports/services.ts';
import { auditRefusal } from '../admission/audit-refusal.ts';
import { messageBytes, messageDigest } from '../admission/received-message.ts';

/**
 * What lies in the dead-letter queue of `updates` failed by a fault of ours. It goes back for another delivery: while
 * its round is open it counts, afterwards it is recorded as late and the silo is told.
 */
export async function resubmitDeadLetters(services: Services): Promise<number> {
  return services.deadLetters.resubmit(100, async (body, reason) => {
    const about = {
      experiment: null,
      participation: null,
      actor: 'unknown',
      digest: messageDigest(messageBytes(body)),
    };
    await auditRefusal(about, refuse('internal', `Given up after several deliveries: ${reason}`), services);
  });
}
