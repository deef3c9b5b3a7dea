import { signOutcome } from '../../activities/sign-outcome.ts';
import {
  type ParticipationDocument,
  type ParticipationState,
  participationDocumentId,
  type RoundCounters,
  type RoundPhase,
  roundPhase,
} from '../../shared/contracts/documents.ts';
import { participationId, roundInstanceId } from '../../shared/contracts/identifiers.ts';
import { wakeUps } from '../../shared/domain/round-progress.ts';
import type { ParticipationMoved } from '../../shared/ports/experiment-store.ts';
import type { Orchestrations } from '../../shared/ports/orchestrations.ts';
import type { Services } from '../../shared/ports/services.ts';
import type { ReplyContext } from './reply-context.ts';

export const anyPhase: readonly RoundPhase[] = roundPhase.options;
/** New submissions are taken only while the round collects; those submitted still count while it drains. */
export const collecting: readonly RoundPhase[] = ['collecting'];
export const accepting: readonly RoundPhase[] = ['collecting', 'draining'];

export type Details = Partial<
  Pick<
    ParticipationDocument,
    'manifest' | 'weight' | 'numExamples' | 'metrics' | 'pin' | 'evidence' | 'reason'
  >
>;

/** Moves a silo's participation and the round's counters, in one batch. */
export async function moveTo(
  context: ReplyContext,
  replyDigest: string,
  move: {
    from: ParticipationState | null;
    state: ParticipationState;
    counters: Partial<RoundCounters>;
    whileRound: readonly RoundPhase[];
    details: Details;
  },
  services: Services,
): Promise<ParticipationMoved> {
  const now = new Date(services.clock.now()).toISOString();
  const { experiment, round, attempt, silo } = context.key;
  return services.experiments.moveParticipation({
    from: move.from,
    counters: move.counters,
    whileRound: move.whileRound,
    document: {
      id: participationDocumentId(context.key),
      kind: 'participation',
      experimentId: experiment,
      round,
      attempt,
      silo,
      state: move.state,
      replyDigest,
      manifest: null,
      weight: null,
      numExamples: null,
      metrics: null,
      pin: null,
      evidence: null,
      reason: null,
      ...move.details,
      submittedAt: now,
      decidedAt: move.state === 'submitted' ? null : now,
    },
  });
}

/**
 * Tells the silo and wakes the round. Runs again on every redelivery that finds the work done: a crash between the
 * ledger and the event loses nothing.
 */
export async function announce(
  context: ReplyContext,
  participation: Pick<ParticipationDocument, 'state' | 'replyDigest' | 'reason'>,
  services: Services,
  orchestrations: Orchestrations,
): Promise<void> {
  const round = await services.experiments.readRound(context.key);
  if (round !== undefined) {
    for (const event of wakeUps(round)) await orchestrations.wake(roundInstanceId(context.key), event);
  }
  const { state, replyDigest, reason } = participation;
  if (replyDigest === null || (state !== 'admitted' && state !== 'refused' && state !== 'late')) return;
  const common = {
    participation: participationId(context.key),
    plan: context.round.planDigest,
    manifestDigest: replyDigest,
  };
  const body = await signOutcome(
    state === 'refused'
      ? { result: state, ...common, slug: reason?.slug ?? 'internal', detail: reason?.detail ?? '' }
      : { result: state, ...common },
    services.keys,
  );
  await services.mailbox.send(context.key.silo, {
    messageId: `${common.participation}#outcome#${replyDigest}`,
    body,
    timeToLiveMs: 7 * 86_400_000,
  });
}
