/** Every activity's name and shapes on one page: all that an orchestration may know of them. */
import * as z from 'zod';
import { blobReference, modelPointer, roundCounters, roundPhase } from '../shared/contracts/documents.ts';
import {
  attemptKey,
  attemptNumber,
  experimentId,
  instant,
  roundNumber,
  sha256Hex,
} from '../shared/contracts/identifiers.ts';
import { taskKind } from '../shared/contracts/plan.ts';
import { activity } from '../shared/durable/activity.ts';

const reason = z.object({ slug: z.string(), detail: z.string() });
const at = { at: instant.describe('By the orchestration clock.') };

/** Decides the next step from the ledger; the first call moves `pending -> running`. */
export const chooseStep = activity(
  'choose-step',
  z.object({ experiment: experimentId, round: roundNumber, attempt: attemptNumber, ...at }),
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('ended') }),
    z.object({ kind: z.literal('wait') }),
    z.object({
      kind: z.literal('round'),
      task: taskKind,
      round: roundNumber,
      attempt: attemptNumber,
      maxAttempts: z.int(),
      backoffSeconds: z.int(),
    }),
    z.object({ kind: z.literal('finish'), status: z.enum(['completed', 'failed', 'cancelled']), reason }),
  ]),
);

/** Writes the end into the ledger and tells the silos. */
export const finishExperiment = activity(
  'finish-experiment',
  z.object({ experiment: experimentId, status: z.enum(['completed', 'failed', 'cancelled']), reason, ...at }),
  z.object({ status: z.string() }),
);

/** Selects the cohort, signs the plan, opens the round. */
export const openRound = activity(
  'open-round',
  z.object({ ...attemptKey.shape, task: taskKind, ...at }),
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('opened'),
      deadline: instant,
      graceSeconds: z.int(),
      drainSeconds: z.int(),
      cohortSize: z.int(),
      quorum: z.int(),
    }),
    z.object({ kind: z.literal('refused'), reason, retriable: z.boolean() }),
    z.object({ kind: z.literal('cancelled') }),
    /** This attempt was decided before: a restarted orchestration takes the result over. */
    z.object({ kind: z.literal('decided'), phase: roundPhase }),
  ]),
);

/** Sends the plan to the silos `from` to `to` (exclusive) of the sorted cohort. */
export const dispatchRound = activity(
  'dispatch-round',
  z.object({ ...attemptKey.shape, from: z.int().min(0), to: z.int().min(0), ...at }),
  z.object({ sent: z.int(), unreachable: z.int() }),
);

export const readRound = activity(
  'read-round',
  attemptKey,
  z.object({
    phase: roundPhase,
    counters: roundCounters,
    cohortSize: z.int(),
    quorum: z.int(),
    cancelRequested: z.boolean(),
  }),
);

/** `collecting -> draining`: nothing new is accepted, what was submitted still counts. */
export const drainRound = activity(
  'drain-round',
  attemptKey,
  z.object({ phase: roundPhase, unresolved: z.int() }),
);

/** Freezes the admitted set, or fails the round where quorum was missed. */
export const closeRound = activity(
  'close-round',
  z.object({ ...attemptKey.shape, ...at }),
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('closed'), count: z.int(), set: blobReference }),
    z.object({ kind: z.literal('failed'), reason, retriable: z.boolean() }),
    z.object({ kind: z.literal('cancelled') }),
  ]),
);

/** Folds the frozen set into the next global model and writes its blob. */
export const aggregateRound = activity(
  'aggregate-round',
  attemptKey,
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('aggregated'), model: modelPointer }),
    z.object({ kind: z.literal('cancelled') }),
    z.object({ kind: z.literal('failed'), reason }),
  ]),
);

/** Publishes the version, moves the pointer, closes the round: one batch. */
export const publishModel = activity(
  'publish-model',
  z.object({ ...attemptKey.shape, model: modelPointer, set: sha256Hex, silos: z.int(), ...at }),
  z.object({ result: z.enum(['published', 'cancelled']) }),
);

/** Records how good the received version is, by the silos that scored it, and feeds the stop rule. */
export const recordMetrics = activity(
  'record-metrics',
  z.object({ ...attemptKey.shape, ...at }),
  z.object({ version: z.int().nullable(), metrics: z.record(z.string(), z.number()) }),
);

/** Any non-terminal phase -> failed or cancelled. Finding `aggregated` means that the round succeeded after all. */
export const failRound = activity(
  'fail-round',
  z.object({ ...attemptKey.shape, phase: z.enum(['failed', 'cancelled']), reason, ...at }),
  z.object({ phase: roundPhase }),
);
