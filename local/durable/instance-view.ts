/** Instances and histories as the Durable HTTP API shows them. */
import { EventType, type HistoryEvent } from './events.ts';
import type { Instance } from './instance.ts';

export interface ViewOptions {
  readonly showInput: boolean;
  /** Present when the history is asked for. */
  readonly history?: readonly HistoryEvent[];
  readonly showHistoryOutput: boolean;
}

const typeNames = new Map<number, string>(Object.entries(EventType).map(([name, type]) => [type, name]));

const parsed = (text: string | null): unknown => {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const wholeSeconds = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** `input` and `output` are always present: the SDK refuses a status without them. */
export function instanceView(instance: Instance, options: ViewOptions): object {
  return {
    name: instance.name,
    instanceId: instance.instanceId,
    runtimeStatus: instance.status,
    input: options.showInput ? parsed(instance.input) : null,
    customStatus: parsed(instance.customStatus),
    output: parsed(instance.output),
    createdTime: wholeSeconds(instance.createdAt),
    lastUpdatedTime: wholeSeconds(instance.updatedAt),
    ...(options.history ? { historyEvents: historyView(options.history, options) } : {}),
  };
}

interface Scheduled {
  readonly at: Date;
  readonly name: string;
  readonly input: string | null;
}

/** Scheduling events are merged into the events that complete them; the orchestrator's own turns are left out. */
function historyView(history: readonly HistoryEvent[], options: ViewOptions): object[] {
  const scheduled = new Map<number, Scheduled>();
  const completed = new Set<number>();
  for (const event of history) {
    if (
      event.EventType === EventType.TaskScheduled ||
      event.EventType === EventType.SubOrchestrationInstanceCreated
    ) {
      scheduled.set(event.EventId, { at: event.Timestamp, name: event.Name, input: event.Input });
    }
    if ('TaskScheduledId' in event) completed.add(event.TaskScheduledId);
  }
  return history
    .filter((event) => !hidden(event, completed))
    .map((event) => ({
      EventType: typeNames.get(event.EventType),
      Timestamp: event.Timestamp,
      ...fields(event, scheduled, options),
    }));
}

function hidden(event: HistoryEvent, completed: ReadonlySet<number>): boolean {
  switch (event.EventType) {
    case EventType.OrchestratorStarted:
    case EventType.OrchestratorCompleted:
      return true;
    case EventType.TaskScheduled:
    case EventType.SubOrchestrationInstanceCreated:
      return completed.has(event.EventId);
    default:
      return false;
  }
}

function fields(
  event: HistoryEvent,
  scheduled: ReadonlyMap<number, Scheduled>,
  options: ViewOptions,
): object {
  const input = (text: string | null): object => (options.showInput ? { Input: parsed(text) } : {});
  const output = (text: string | null): object => (options.showHistoryOutput ? { Result: parsed(text) } : {});
  switch (event.EventType) {
    case EventType.ExecutionStarted:
      return { FunctionName: event.Name, ...input(event.Input) };
    case EventType.TaskScheduled:
      return { Name: event.Name, ...input(event.Input) };
    case EventType.SubOrchestrationInstanceCreated:
      return { Name: event.Name, InstanceId: event.InstanceId, ...input(event.Input) };
    case EventType.TaskCompleted:
    case EventType.SubOrchestrationInstanceCompleted:
    case EventType.TaskFailed:
    case EventType.SubOrchestrationInstanceFailed: {
      const task = scheduled.get(event.TaskScheduledId);
      return {
        ...(task ? { ScheduledTime: task.at, FunctionName: task.name, ...input(task.input) } : {}),
        ...('Result' in event ? output(event.Result) : {}),
        ...('Reason' in event
          ? { Reason: event.Reason, Details: event.Details, FailureDetails: event.FailureDetails }
          : {}),
      };
    }
    case EventType.ExecutionCompleted:
      return {
        OrchestrationStatus: event.OrchestrationStatus,
        ...output(event.Result),
        ...(event.FailureDetails ? { FailureDetails: event.FailureDetails } : {}),
      };
    case EventType.TimerCreated:
    case EventType.TimerFired:
      return { FireAt: event.FireAt };
    case EventType.EventRaised:
      return { Name: event.Name, ...input(event.Input) };
    case EventType.ExecutionTerminated:
      return { Input: event.Input };
    case EventType.ExecutionSuspended:
    case EventType.ExecutionResumed:
      return { Reason: event.Reason };
    case EventType.GenericEvent:
      return { Data: event.Data };
    default:
      return {};
  }
}
