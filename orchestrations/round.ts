/**
 * One attempt of one round: open, dispatch, collect until quorum and grace or the deadline, close, aggregate, publish.
 *
 * 1. State is in the ledger first; an event only wakes this instance, which then reads the ledger.
 * 2. Closing freezes the admitted set; what is aggregated is that set and nothing else.
 * 3. Every wait makes fresh tasks and cancels the timer that lost.
 * 4. Refusals are data; an exception here is a fault of ours, and the experiment fails this attempt.
 * 5. History holds references and digests only: it does not grow with the number of silos.
 */
import type { OrchestrationContext } from 'durable-functions';
import * as z from 'zod';
import {
  aggregateRound,
  closeRound,
  dispatchRound,
  drainRound,
  failRound,
  openRound,
  publishModel,
  readRound,
  recordMetrics,
} from '../activities/descriptors.ts';
import { type AttemptKey, attemptKey } from '../shared/contracts/identifiers.ts';
import { taskKind } from '../shared/contracts/plan.ts';
import type { AttemptResult } from '../shared/domain/next-step.ts';
import { type CollectingVerdict, collectingVerdict } from '../shared/domain/round-progress.ts';
import { call, type Step } from '../shared/durable/activity.ts';
import {
  asInstant,
  fromInstant,
  now,
  type Orchestration,
  setStatus,
} from '../shared/durable/orchestration.ts';
import { eventOrTime, events } from '../shared/durable/waiting.ts';

/** Silos per dispatch activity. */
const dispatchGroup = 200;

export const roundInput = z.object({ ...attemptKey.shape, task: taskKind });
export type RoundInput = z.infer<typeof roundInput>;

export const roundOrchestration: Orchestration<RoundInput, AttemptResult> = {
  name: 'round',
  input: roundInput,
  output: z.discriminatedUnion('outcome', [
    z.object({ outcome: z.literal('done') }),
    z.object({ outcome: z.literal('cancelled') }),
    z.object({ outcome: z.literal('failed'), slug: z.string(), detail: z.string(), retriable: z.boolean() }),
  ]),
};

export function* round(context: OrchestrationContext, input: RoundInput): Step<AttemptResult> {
  const { task, ...key } = input;
  const opened = yield* call(context, openRound, { ...input, at: asInstant(now(context)) });
  if (opened.kind === 'cancelled') return { outcome: 'cancelled' };
  if (opened.kind === 'refused') return { outcome: 'failed', ...opened.reason, retriable: opened.retriable };
  if (opened.kind === 'decided') return decided(opened.phase);

  let unreachable = 0;
  for (let from = 0; from < opened.cohortSize; from += dispatchGroup) {
    const to = Math.min(from + dispatchGroup, opened.cohortSize);
    const dispatched = yield* call(context, dispatchRound, { ...key, from, to, at: asInstant(now(context)) });
    unreachable += dispatched.unreachable;
  }

  const deadline = fromInstant(opened.deadline);
  report(context, key, 'collecting', 'updates from silos, until quorum', deadline);
  // A silo that could not be reached raises no event: the ledger may have decided already.
  const verdict = yield* collect(context, key, deadline, unreachable > 0);
  if (verdict === 'quorum' && opened.graceSeconds > 0) {
    const graceEnds = Math.min(now(context) + opened.graceSeconds * 1_000, deadline);
    report(context, key, 'collecting', 'the remaining silos, for the grace period', graceEnds);
    yield* eventOrTime(context, events.settled, graceEnds);
  }

  const drained = yield* call(context, drainRound, key);
  if (drained.unresolved > 0) {
    const drainEnds = now(context) + opened.drainSeconds * 1_000;
    report(context, key, 'draining', 'admissions that are under way', drainEnds);
    yield* eventOrTime(context, events.settled, drainEnds);
  }

  const closed = yield* call(context, closeRound, { ...key, at: asInstant(now(context)) });
  if (closed.kind === 'cancelled') return { outcome: 'cancelled' };
  if (closed.kind === 'failed') return { outcome: 'failed', ...closed.reason, retriable: closed.retriable };

  report(context, key, 'closed', task === 'evaluate' ? 'the metrics' : 'aggregation', null);
  yield* call(context, recordMetrics, { ...key, at: asInstant(now(context)) });
  if (task === 'evaluate') return { outcome: 'done' };

  const aggregated = yield* call(context, aggregateRound, key);
  if (aggregated.kind === 'cancelled') return { outcome: 'cancelled' };
  if (aggregated.kind === 'failed') {
    const at = asInstant(now(context));
    const left = yield* call(context, failRound, { ...key, phase: 'failed', reason: aggregated.reason, at });
    return left.phase === 'aggregated'
      ? { outcome: 'done' }
      : { outcome: 'failed', ...aggregated.reason, retriable: true };
  }
  const published = yield* call(context, publishModel, {
    ...key,
    model: aggregated.model,
    set: closed.set.sha256,
    silos: closed.count,
    at: asInstant(now(context)),
  });
  report(context, key, published.result === 'published' ? 'aggregated' : 'cancelled', 'nothing', null);
  return { outcome: published.result === 'published' ? 'done' : 'cancelled' };
}

/** Waits until the ledger says that there is nothing more to wait for, or until the deadline. */
function* collect(
  context: OrchestrationContext,
  key: AttemptKey,
  deadline: number,
  lookFirst: boolean,
): Step<CollectingVerdict | 'deadline'> {
  for (let look = lookFirst; ; look = false) {
    const woken = look ? 'event' : yield* eventOrTime(context, events.quorum, deadline);
    if (woken === 'time') return 'deadline';
    const seen = yield* call(context, readRound, key);
    if (seen.cancelRequested) return 'stopped';
    const verdict = collectingVerdict(seen);
    if (verdict !== 'undecided') return verdict;
  }
}

/** An attempt that an earlier instance of this orchestration decided. */
function decided(phase: string): AttemptResult {
  switch (phase) {
    case 'aggregated':
      return { outcome: 'done' };
    case 'cancelled':
      return { outcome: 'cancelled' };
    default:
      return {
        outcome: 'failed',
        slug: 'round-error',
        detail: `the attempt was left ${phase}`,
        retriable: true,
      };
  }
}

function report(
  context: OrchestrationContext,
  key: AttemptKey,
  phase: string,
  waitingFor: string,
  until: number | null,
): void {
  setStatus(context, {
    phase,
    round: key.round,
    attempt: key.attempt,
    waitingFor,
    until: until === null ? null : asInstant(until),
  });
}
