/**
 * One experiment: rounds until the stop rule, the last round, or cancel. One generation per attempt, so that history
 * stays as long as one round's, whatever the number of rounds and silos.
 */
import type { OrchestrationContext } from 'durable-functions';
import * as z from 'zod';
import { chooseStep, failRound, finishExperiment } from '../activities/descriptors.ts';
import {
  attemptNumber,
  experimentId,
  roundInstanceId,
  roundNumber,
} from '../shared/contracts/identifiers.ts';
import { type AttemptResult, afterAttempt } from '../shared/domain/next-step.ts';
import { call, type Step } from '../shared/durable/activity.ts';
import {
  asInstant,
  callSubOrchestration,
  continueAsNew,
  now,
  type Orchestration,
  setStatus,
} from '../shared/durable/orchestration.ts';
import { event, eventOrTime, events } from '../shared/durable/waiting.ts';
import { type RoundInput, roundOrchestration } from './round.ts';

/** The attempt to make next, by the orchestration's own count; what has happened is in the ledger. */
export const experimentInput = z.object({
  experiment: experimentId,
  round: roundNumber,
  attempt: attemptNumber,
});
export type ExperimentInput = z.infer<typeof experimentInput>;

export const experimentOrchestration: Orchestration<ExperimentInput, { status: string }> = {
  name: 'experiment',
  input: experimentInput,
  output: z.object({ status: z.string() }),
};

export function* experiment(context: OrchestrationContext, input: ExperimentInput): Step<{ status: string }> {
  const step = yield* call(context, chooseStep, { ...input, at: asInstant(now(context)) });
  switch (step.kind) {
    case 'ended':
      return { status: 'ended' };
    case 'finish':
      return yield* finish(context, input.experiment, step.status, step.reason);
    case 'wait':
      setStatus(context, { phase: 'suspended', waitingFor: 'an operator to resume or cancel', until: null });
      yield* event(context, events.control);
      continueAsNew(context, input);
      return { status: 'running' };
    case 'round': {
      const { task, round, attempt } = step;
      setStatus(context, {
        phase: task,
        round,
        attempt,
        waitingFor: `round ${round}, attempt ${attempt}`,
        until: null,
      });
      const result = yield* runAttempt(context, { experiment: input.experiment, round, attempt, task });
      const after = afterAttempt(result, { round, attempt, task }, step);
      if (after.kind === 'fail') return yield* finish(context, input.experiment, 'failed', after.reason);
      if (after.backoffSeconds > 0) {
        const until = now(context) + after.backoffSeconds * 1_000;
        setStatus(context, {
          phase: 'pausing',
          round,
          attempt,
          waitingFor: 'the next attempt',
          until: asInstant(until),
        });
        yield* eventOrTime(context, events.control, until);
      }
      continueAsNew(context, { experiment: input.experiment, ...after.position });
      return { status: 'running' };
    }
  }
}

/** A round that throws is a fault of ours: the attempt is failed in the ledger, and the experiment goes on. */
function* runAttempt(context: OrchestrationContext, input: RoundInput): Step<AttemptResult> {
  try {
    return yield* callSubOrchestration(context, roundOrchestration, roundInstanceId(input), input);
  } catch (error) {
    const { task: _, ...key } = input;
    const reason = {
      slug: 'round-error',
      detail: error instanceof Error ? error.message.slice(0, 500) : 'unknown',
    };
    const left = yield* call(context, failRound, {
      ...key,
      phase: 'failed',
      reason,
      at: asInstant(now(context)),
    });
    return left.phase === 'aggregated'
      ? { outcome: 'done' }
      : { outcome: 'failed', ...reason, retriable: true };
  }
}

function* finish(
  context: OrchestrationContext,
  experimentToFinish: string,
  status: 'completed' | 'failed' | 'cancelled',
  reason: { slug: string; detail: string },
): Step<{ status: string }> {
  const done = yield* call(context, finishExperiment, {
    experiment: experimentToFinish,
    status,
    reason,
    at: asInstant(now(context)),
  });
  setStatus(context, { phase: done.status, waitingFor: null, until: null });
  return done;
}
