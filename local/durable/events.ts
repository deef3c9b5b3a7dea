/**
 * The orchestration history as durable-functions reads it: one row per event, PascalCase, the event type as a number.
 * These shapes are a wire contract with the SDK; only `GenericEvent` is free, and the SDK ignores it.
 */
export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventRaised: 15,
  GenericEvent: 17,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
} as const;

/** How a failed activity or sub-orchestration reaches the orchestrator: as `TaskFailedError.failureDetails`. */
export interface FailureDetails {
  readonly ErrorType: string;
  readonly ErrorMessage: string;
  readonly StackTrace: string | null;
  readonly IsNonRetriable: boolean;
  readonly InnerFailure: FailureDetails | null;
}

/** What a child instance remembers of the task in its parent that waits for it. */
export interface ParentLink {
  readonly name: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
}

type Row<Type extends number, Fields> = {
  EventType: Type;
  EventId: number;
  IsPlayed: boolean;
  Timestamp: Date;
} & Fields;

type Failure = { TaskScheduledId: number; Reason: string; Details: string; FailureDetails: FailureDetails };

export type ExecutionStarted = Row<
  0,
  {
    Name: string;
    Version: string;
    Input: string | null;
    OrchestrationInstance: { InstanceId: string; ExecutionId: string };
    ParentInstance: ParentLink | null;
    Tags: null;
  }
>;
export type ExecutionCompleted = Row<
  1,
  { OrchestrationStatus: string; Result: string | null; FailureDetails?: FailureDetails }
>;
export type ExecutionTerminated = Row<3, { Input: string | null }>;
export type TaskScheduled = Row<4, { Name: string; Version: string; Input: string | null }>;
export type TaskCompleted = Row<5, { TaskScheduledId: number; Result: string | null }>;
export type TaskFailed = Row<6, Failure>;
export type SubOrchestrationCreated = Row<
  7,
  { Name: string; Version: string; InstanceId: string; Input: string | null }
>;
export type SubOrchestrationCompleted = Row<8, { TaskScheduledId: number; Result: string | null }>;
export type SubOrchestrationFailed = Row<9, Failure>;
export type TimerCreated = Row<10, { FireAt: Date }>;
export type TimerFired = Row<11, { TimerId: number; FireAt: Date }>;
export type EventRaised = Row<15, { Name: string; Input: string | null }>;
export type GenericEvent = Row<17, { Data: string }>;

export type HistoryEvent =
  | ExecutionStarted
  | ExecutionCompleted
  | ExecutionTerminated
  | TaskScheduled
  | TaskCompleted
  | TaskFailed
  | SubOrchestrationCreated
  | SubOrchestrationCompleted
  | SubOrchestrationFailed
  | TimerCreated
  | TimerFired
  | Row<12, object>
  | Row<13, object>
  | EventRaised
  | GenericEvent
  | Row<19, { Reason: string | null }>
  | Row<20, { Reason: string | null }>;

/** The fields that every event of a new episode shares; scheduling events carry their task's id. */
export const fresh = (at: Date, id = -1): { EventId: number; IsPlayed: boolean; Timestamp: Date } => ({
  EventId: id,
  IsPlayed: false,
  Timestamp: at,
});

/** The id of the task that this event completes, or undefined for events that complete none. */
export function completedTask(event: HistoryEvent): number | undefined {
  switch (event.EventType) {
    case EventType.TaskCompleted:
    case EventType.TaskFailed:
    case EventType.SubOrchestrationInstanceCompleted:
    case EventType.SubOrchestrationInstanceFailed:
      return event.TaskScheduledId;
    case EventType.TimerFired:
      return event.TimerId;
    default:
      return undefined;
  }
}

/** The id of the task that this event schedules, or undefined for events that schedule none. */
export function scheduledTask(event: HistoryEvent): number | undefined {
  switch (event.EventType) {
    case EventType.TaskScheduled:
    case EventType.SubOrchestrationInstanceCreated:
    case EventType.TimerCreated:
      return event.EventId;
    default:
      return undefined;
  }
}

const canceledPrefix = 'TimersCanceled:';

/** Records at which point of the history timers were cancelled, so that every later replay cancels them there. */
export const timersCanceled = (ids: readonly number[], at: Date): GenericEvent => ({
  EventType: EventType.GenericEvent,
  ...fresh(at),
  Data: canceledPrefix + ids.join(','),
});

export function canceledTimers(event: GenericEvent): readonly number[] {
  if (!event.Data.startsWith(canceledPrefix)) return [];
  return event.Data.slice(canceledPrefix.length).split(',').map(Number);
}

const revive = (event: HistoryEvent): HistoryEvent => {
  event.Timestamp = new Date(event.Timestamp);
  if ('FireAt' in event) event.FireAt = new Date(event.FireAt);
  return event;
};

export const encodeEvent = (event: HistoryEvent): string => JSON.stringify(event);

export const decodeEvent = (text: string): HistoryEvent => revive(JSON.parse(text) as HistoryEvent);

/** The events of one episode as one text. */
export const encodeEvents = (events: readonly HistoryEvent[]): string => JSON.stringify(events);

export const decodeEvents = (text: string): HistoryEvent[] =>
  (JSON.parse(text) as HistoryEvent[]).map(revive);
