/**
 * One episode: ask the orchestrator what follows from the newly arrived events, and say everything that is to be written.
 * Nothing is changed here; the engine commits the result in ONE transaction and only then acts on it. (Two transactions,
 * one for the history and one for the completion, left instances stuck for ever when the process was killed between.)
 */
import type { Decision } from './decision.ts';
import { completedTask, EventType, fresh, type HistoryEvent, timersCanceled } from './events.ts';
import type { Instance } from './instance.ts';
import {
  type Ending,
  failed,
  failure,
  type Judgement,
  type OrchestratorProtocol,
  type OrchestratorSession,
} from './orchestrator-protocol.ts';
import { toJson } from './payload.ts';

export interface EpisodeInput {
  readonly instance: Instance;
  /** What waits where the history ends; undefined replays. */
  readonly session: OrchestratorSession | undefined;
  /** The committed history of the generation; asked for only by a replay. */
  readonly past: () => readonly HistoryEvent[];
  readonly batch: readonly HistoryEvent[];
  readonly at: Date;
  readonly protocol: OrchestratorProtocol;
}

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
  /** What waits for the next episode once this one is committed. */
  readonly session: OrchestratorSession | undefined;
}

/** Rejects on faults of the host or the SDK; what the orchestrator does wrong is an ending. */
export async function runEpisode(input: EpisodeInput): Promise<Episode> {
  const { instance, batch, at } = input;
  const started: HistoryEvent = { EventType: EventType.OrchestratorStarted, ...fresh(at) };
  const { verdict, session } = await judge(input, [started, ...batch]);
  const { decisions, canceled, ending, warnings } = verdict;
  return {
    appended: [
      started,
      ...batch,
      ...decisions.map((decision) => scheduling(decision, instance, at)),
      ...(canceled.length > 0 ? [timersCanceled(canceled, at)] : []),
      ...(ending && ending.kind !== 'continued' ? [completion(ending, at)] : []),
      { EventType: EventType.OrchestratorCompleted, ...fresh(at) },
    ],
    decisions,
    canceled,
    completed: batch.map(completedTask).filter((id) => id !== undefined),
    customStatus: verdict.customStatus ?? instance.customStatus,
    ending,
    warnings,
    session,
  };
}

/**
 * What ends a generation is said by a replay only. It costs one per generation, and an orchestrator that is not
 * deterministic fails here as it would on Azure, where every episode is a replay.
 */
async function judge(input: EpisodeInput, added: readonly HistoryEvent[]): Promise<Judgement> {
  const judged = input.session?.next(added);
  if (judged && judged.verdict.ending === undefined) return judged;
  const past = input.past();
  const isReplaying = past.some((event) => event.EventType === EventType.ExecutionStarted);
  return input.protocol.replay(input.instance, [...past, ...added], isReplaying);
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
        Input: decision.input,
      };
    case 'subOrchestration':
      return {
        EventType: EventType.SubOrchestrationInstanceCreated,
        ...common,
        Name: decision.name,
        Version: decision.version,
        InstanceId: childInstanceId(instance, decision),
        Input: decision.input,
      };
    case 'timer':
      return { EventType: EventType.TimerCreated, ...common, FireAt: decision.fireAt };
  }
}

const statusOf = { completed: 'Completed', failed: 'Failed', terminated: 'Terminated' } as const;

export function completion(ending: Exclude<Ending, { kind: 'continued' }>, at: Date): HistoryEvent {
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
    session: undefined,
  };
}
