import type { Decision } from './decision.ts';
import { canceledTimers, completedTask, EventType, type HistoryEvent } from './events.ts';

function scheduled(event: HistoryEvent): Decision | undefined {
  switch (event.EventType) {
    case EventType.TaskScheduled:
      return { kind: 'activity', id: event.EventId, name: event.Name, input: event.Input };
    case EventType.TimerCreated:
      return { kind: 'timer', id: event.EventId, fireAt: event.FireAt };
    case EventType.SubOrchestrationInstanceCreated:
      return {
        kind: 'subOrchestration',
        id: event.EventId,
        name: event.Name,
        input: event.Input ?? 'null',
        version: event.Version,
        instanceId: event.InstanceId,
      };
    default:
      return undefined;
  }
}

/** What a generation's history has scheduled and neither completed nor cancelled, by task id. */
export function openTasks(history: readonly HistoryEvent[]): Map<number, Decision> {
  const open = new Map<number, Decision>();
  for (const event of history) {
    const decision = scheduled(event);
    if (decision) open.set(decision.id, decision);
    const completed = completedTask(event);
    if (completed !== undefined) open.delete(completed);
    if (event.EventType === EventType.GenericEvent) for (const id of canceledTimers(event)) open.delete(id);
  }
  return open;
}
