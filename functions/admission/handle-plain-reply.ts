import type { ParticipationState, RoundCounters, RoundPhase } from '../../shared/contracts/documents.ts';
import { type ParticipationKey, participationId } from '../../shared/contracts/identifiers.ts';
import type { SigningJwk } from '../../shared/contracts/keys.ts';
import { refuse } from '../../shared/contracts/refusals.ts';
import { type PlainReplyBody, plainReply } from '../../shared/contracts/reply.ts';
import type { RosterEntry } from '../../shared/contracts/silo.ts';
import { weightedMetrics } from '../../shared/domain/metrics.ts';
import type { Orchestrations } from '../../shared/ports/orchestrations.ts';
import type { Services } from '../../shared/ports/services.ts';
import { parseStrictJson } from '../../shared/sealing/canonical-json.ts';
import { bodyDigest, verifySignature } from '../../shared/sealing/signature.ts';
import { auditRefusal } from './audit-refusal.ts';
import { announce, anyPhase, collecting, moveTo } from './participation.ts';
import { messageDigest } from './received-message.ts';
import { findContext, type ReplyContext } from './reply-context.ts';

/** A reply without a tensor: `evaluated` counts at once, `declined` and `failed` count the silo out. */
export async function handlePlainReply(
  bytes: Buffer,
  services: Services,
  orchestrations: Orchestrations,
): Promise<void> {
  const digest = messageDigest(bytes);
  const reply = parse(bytes);
  if (reply === undefined) {
    const about = { experiment: null, participation: null, actor: 'unknown', digest };
    return auditRefusal(
      about,
      refuse('manifest-invalid', 'The reply does not have the shape of one.'),
      services,
    );
  }
  const { body, sig } = reply;
  const key: ParticipationKey = {
    experiment: body.exp,
    round: body.round,
    attempt: body.attempt,
    silo: body.silo,
  };
  const about = { experiment: body.exp, participation: participationId(key), actor: body.silo, digest };

  const context = await findContext(key, services);
  if (!context.ok) {
    return auditRefusal(
      { ...about, experiment: context.knownExperiment ? body.exp : null },
      context,
      services,
    );
  }
  if (body.plan !== context.round.planDigest) {
    return auditRefusal(about, refuse('context-plan', 'The reply follows another plan.'), services);
  }
  const signed = signingKeys(context.entry, services.clock.now()).some((jwk) =>
    verifySignature('tributary/reply/1', body, sig, jwk),
  );
  if (!signed) {
    const detail = `The reply is not signed by a key of silo ${body.silo} that counts.`;
    return auditRefusal(about, refuse('signature-invalid', detail), services);
  }
  if (body.kind === 'evaluated' && context.round.task !== 'evaluate') {
    return auditRefusal(about, refuse('context-round', 'This round asks for updates.'), services);
  }
  await record(context, body, about, services, orchestrations);
}

async function record(
  context: ReplyContext,
  body: PlainReplyBody,
  about: Parameters<typeof auditRefusal>[0],
  services: Services,
  orchestrations: Orchestrations,
): Promise<void> {
  const digest = bodyDigest(body);
  for (;;) {
    const standing = await services.experiments.readParticipation(context.key);
    if (standing?.replyDigest === digest) return announce(context, standing, services, orchestrations);
    if (standing !== undefined) {
      const detail = 'Another reply of this silo stands in this attempt; the first one counts.';
      return auditRefusal(about, refuse('duplicate-conflict', detail), services);
    }
    const moved = await moveTo(context, digest, moveOf(body, context), services);
    if (moved.result === 'round-moved-on') {
      const late = { submitted: 1, late: 1 };
      const reason = { slug: 'late', detail: 'The round had stopped collecting.' };
      const move = {
        from: null,
        state: 'late' as const,
        counters: late,
        whileRound: anyPhase,
        details: { reason },
      };
      await moveTo(context, digest, move, services);
    }
  }
}

interface Move {
  from: null;
  state: ParticipationState;
  counters: Partial<RoundCounters>;
  whileRound: readonly RoundPhase[];
  details: Parameters<typeof moveTo>[2]['details'];
}

function moveOf(body: PlainReplyBody, { plan }: ReplyContext): Move {
  switch (body.kind) {
    case 'evaluated': {
      const metrics = weightedMetrics([body], plan.task.metrics);
      const counters = { submitted: 1, admitted: 1 };
      const details = { metrics, numExamples: body.numExamples };
      return { from: null, state: 'admitted', counters, whileRound: collecting, details };
    }
    case 'declined':
      return {
        from: null,
        state: 'declined',
        counters: { declined: 1 },
        whileRound: collecting,
        details: { reason: body.reason },
      };
    case 'failed':
      return {
        from: null,
        state: 'failed',
        counters: { failed: 1 },
        whileRound: collecting,
        details: { reason: body.reason },
      };
  }
}

function parse(bytes: Buffer) {
  try {
    const parsed = plainReply.safeParse(
      parseStrictJson(bytes.toString(), { maxDepth: 6, maxBytes: bytes.length }),
    );
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The silo's present signing key, and former ones until their overlap ends; never a revoked one. */
function signingKeys(entry: RosterEntry, now: number): SigningJwk[] {
  if (entry.status !== 'active') return [];
  return [entry.sig, ...entry.formerKeys.filter(({ until }) => now < Date.parse(until)).map(({ sig }) => sig)]
    .filter(({ jkt }) => !entry.revoked.includes(jkt))
    .map(({ jwk }) => jwk);
}
