/**
 * One episode: replay the orchestrator over its history and the newly arrived events, and say everything that follows.
 * Nothing is changed here; the engine commits the result in ONE transaction and only then acts on it. (Two transactions,
 * one for the history and one for the completion, left instances stuck for ever when the process was killed between.)
 */
import { type Action, checkActions, MalformedAction, UnsupportedAction } from './actions.ts';
import {
  completedTask,
  type EventRaised,
  EventType,
  type FailureDetails,
  fresh,
  type HistoryEvent,
  timersCanceled,
} from './events.ts';
import type { Instance } from './instance.ts';
import { type Decision, type Interpretation, interpret } from './interpreter.ts';
import { customStatusLimitBytes, exceedsCustomStatus, toJson } from './payload.ts';
import { type InvokeOrchestrator, type OrchestratorRun, runOrchestrator } from './sdk-executor.ts';
import { findHazard, type StrictOptions } from './strict.ts';

export interface EpisodeInput {
  readonly instance: Instance;
  readonly past: readonly HistoryEvent[];
  readonly batch: readonly HistoryEvent[];
  readonly at: Date;
  readonly strict: StrictOptions | undefined;
  readonly invoke: InvokeOrchestrator;
}

export type Ending =
  | { readonly kind: 'completed'; readonly output: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly details: FailureDetails }
  | { readonly kind: 'terminated'; readonly output: string }
  | { readonly kind: 'continued'; readonly input: string; readonly carried: readonly EventRaised[] };

export interface Episode {
  /** What to append to the history, from OrchestratorStarted to OrchestratorCompleted. */
  readonly appended: readonly HistoryEvent[];
  readonly decisions: readonly Decision[];
  readonly canceled: readonly number[];
  /** Tasks that completed with this batch. */
  readonly completed: readonly number[];
  readonly customStatus: string | null;
  readonly ending: Ending | undefined;
  readonly warnings: readonly string[];
}

const failure = (type: string, message: string): FailureDetails => ({
  ErrorType: type,
  ErrorMessage: message,
  StackTrace: null,
  IsNonRetriable: false,
  InnerFailure: null,
});

const failed = (instance: Instance, details: FailureDetails): Ending & { kind: 'failed' } => ({
  kind: 'failed',
  reason: `Orchestrator function '${instance.name}' failed: ${details.ErrorMessage}`,
  details,
});

const nothing: Interpretation = {
  decisions: [],
  canceled: [],
  open: new Map(),
  nextId: 0,
  caughtUp: true,
  idle: true,
  continueAsNew: undefined,
  unconsumed: [],
  carried: [],
  openRetries: 0,
  closingTimers: new Set(),
};

/** Throws on faults of the host or the SDK; what the orchestrator does wrong is an ending. */
export async function runEpisode(input: EpisodeInput): Promise<Episode> {
  const { instance, past, batch, at } = input;
  const started: HistoryEvent = { EventType: EventType.OrchestratorStarted, ...fresh(at) };
  const history = [...past, started, ...batch];
  const isReplaying = past.some((event) => event.EventType === EventType.ExecutionStarted);
  const run = await runOrchestrator(input.invoke, { instance, history, isReplaying });

  const warnings: string[] = [];
  const customStatus = run.customStatus === undefined ? instance.customStatus : toJson(run.customStatus);
  let actions: readonly Action[] = [];
  let seen = nothing;
  let refusal: FailureDetails | undefined;
  try {
    actions = checkActions(run.actions);
    seen = interpret(history, actions);
  } catch (fault) {
    if (!(fault instanceof UnsupportedAction || fault instanceof MalformedAction)) throw fault;
    refusal = failure(fault.name, fault.message);
  }
  if (customStatus !== null && exceedsCustomStatus(customStatus)) {
    refusal ??= failure('CustomStatusTooLarge', `the custom status exceeds ${customStatusLimitBytes} bytes`);
  }
  if (refusal === undefined && input.strict) {
    const hazard = findHazard(run, actions, seen, input.strict);
    if (hazard) refusal = failure('DurableHazard', withOwnError(run, hazard.message));
  }

  const ending = refusal ? failed(instance, refusal) : naturalEnding(instance, run, seen, warnings);
  const decisions = refusal ? [] : seen.decisions;
  return {
    appended: [
      started,
      ...batch,
      ...decisions.map((decision) => scheduling(decision, instance, at)),
      ...(seen.canceled.length > 0 && !refusal ? [timersCanceled(seen.canceled, at)] : []),
      ...(ending && ending.kind !== 'continued' ? [completion(ending, at)] : []),
      { EventType: EventType.OrchestratorCompleted, ...fresh(at) },
    ],
    decisions,
    canceled: seen.canceled,
    completed: batch.map(completedTask).filter((id) => id !== undefined),
    customStatus: refusal?.ErrorType === 'CustomStatusTooLarge' ? instance.customStatus : customStatus,
    ending,
    warnings,
  };
}

const withOwnError = (run: OrchestratorRun, hazard: string): string =>
  run.outcome.kind === 'failed' && run.outcome.message !== '' ? `${run.outcome.message}; ${hazard}` : hazard;

/** An instance ends when its orchestrator has ended and nothing that it started is open, as on Azure. */
function naturalEnding(
  instance: Instance,
  run: OrchestratorRun,
  seen: Interpretation,
  warnings: string[],
): Ending | undefined {
  const { outcome } = run;
  if (outcome.kind === 'waiting') return undefined;
  if (outcome.kind === 'failed' && outcome.message === '') {
    warnings.push('the orchestrator threw an error without a message and hangs, as it would on Azure');
    return undefined;
  }
  if (!seen.caughtUp || !seen.idle || seen.open.size > 0) {
    warnings.push('the orchestrator has ended but stays Running until what it started has ended');
    return undefined;
  }
  if (outcome.kind === 'failed') return failed(instance, outcome.details);
  if (seen.continueAsNew) {
    if (seen.unconsumed.length > 0) {
      warnings.push(`continue-as-new drops events that nobody awaited: ${seen.unconsumed.join(', ')}`);
    }
    return { kind: 'continued', input: toJson(seen.continueAsNew.input), carried: seen.carried };
  }
  return { kind: 'completed', output: toJson(outcome.output) };
}

/** A child's id when the orchestrator names none: unique, and the same in every replay. */
export const childInstanceId = (
  instance: Instance,
  decision: Decision & { kind: 'subOrchestration' },
): string => decision.instanceId ?? `${instance.executionId}:${decision.id}`;

export function scheduling(decision: Decision, instance: Instance, at: Date): HistoryEvent {
  const common = fresh(at, decision.id);
  switch (decision.kind) {
    case 'activity':
      return {
        EventType: EventType.TaskScheduled,
        ...common,
        Name: decision.name,
        Version: '',
        Input: activityInput(decision.input),
      };
    case 'subOrchestration':
      return {
        EventType: EventType.SubOrchestrationInstanceCreated,
        ...common,
        Name: decision.name,
        Version: decision.version,
        InstanceId: childInstanceId(instance, decision),
        Input: toJson(decision.input),
      };
    case 'timer':
      return { EventType: EventType.TimerCreated, ...common, FireAt: decision.fireAt };
  }
}

/** An activity's input as JSON text: the SDK has already encoded strings, but nothing else. */
export const activityInput = (input: unknown): string | null => {
  if (input === undefined || input === null) return null;
  return typeof input === 'string' ? input : toJson(input);
};

const statusOf = { completed: 'Completed', failed: 'Failed', terminated: 'Terminated' } as const;

function completion(ending: Exclude<Ending, { kind: 'continued' }>, at: Date): HistoryEvent {
  return {
    EventType: EventType.ExecutionCompleted,
    ...fresh(at),
    OrchestrationStatus: statusOf[ending.kind],
    Result: ending.kind === 'failed' ? toJson(ending.reason) : ending.output,
    ...(ending.kind === 'failed' ? { FailureDetails: ending.details } : {}),
  };
}

/** An episode in which the orchestrator is not asked: the instance ends because somebody or something says so. */
export function forcedEnd(
  instance: Instance,
  why: { readonly terminated: HistoryEvent; readonly reason: string | null } | { readonly fault: string },
  at: Date,
): Episode {
  const ending: Exclude<Ending, { kind: 'continued' }> =
    'fault' in why
      ? failed(instance, failure('HostFault', why.fault))
      : { kind: 'terminated', output: toJson(why.reason) };
  return {
    appended: [
      { EventType: EventType.OrchestratorStarted, ...fresh(at) },
      ...('fault' in why ? [] : [why.terminated]),
      completion(ending, at),
      { EventType: EventType.OrchestratorCompleted, ...fresh(at) },
    ],
    decisions: [],
    canceled: [],
    completed: [],
    customStatus: instance.customStatus,
    ending,
    warnings: [],
  };
}
