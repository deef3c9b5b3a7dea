/**
 * What a silo said, on queue `updates`.
 *
 * 1. Only a message whose context fits and whose signature verifies moves a participation or causes an outcome;
 *    everything else goes to the audit log alone.
 * 2. Refusals are recorded and the message is settled: it would never become valid. Only a fault of ours throws.
 * 3. The document is the idempotency: the same bytes get the same answer, other bytes are `duplicate-conflict`.
 */

import { MAX_MANIFEST_BYTES } from '../../shared/contracts/manifest.ts';
import { refuse } from '../../shared/contracts/refusals.ts';
import type { Orchestrations } from '../../shared/ports/orchestrations.ts';
import type { Services } from '../../shared/ports/services.ts';
import { auditRefusal } from './audit-refusal.ts';
import { handlePlainReply } from './handle-plain-reply.ts';
import { handleSubmission } from './handle-submission.ts';
import { kindOf, messageBytes, messageDigest } from './received-message.ts';

export async function handleReply(
  message: unknown,
  services: Services,
  orchestrations: Orchestrations,
): Promise<void> {
  const bytes = messageBytes(message);
  const stranger = { experiment: null, participation: null, actor: 'unknown', digest: messageDigest(bytes) };
  if (bytes.length > MAX_MANIFEST_BYTES) {
    const detail = `The reply has ${bytes.length} bytes; at most ${MAX_MANIFEST_BYTES} are read.`;
    return auditRefusal(stranger, refuse('manifest-too-large', detail), services);
  }
  switch (kindOf(bytes)) {
    case 'submitted':
      return handleSubmission(bytes, services, orchestrations);
    case 'reply':
      return handlePlainReply(bytes, services, orchestrations);
    default:
      return auditRefusal(
        stranger,
        refuse('manifest-invalid', 'The message is no reply of a silo.'),
        services,
      );
  }
}
