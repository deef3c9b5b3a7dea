import type { Decision } from '../decision.ts';
import { EventType } from '../events.ts';

/** What a task is called in messages, by the type of the event that schedules it. */
export const taskName = (type: number, name: string): string =>
  `${type === EventType.TaskScheduled ? 'activity' : 'sub-orchestration'} '${name}'`;

export const describeTask = (decision: Decision): string =>
  decision.kind === 'timer'
    ? 'a timer'
    : taskName(
        decision.kind === 'activity' ? EventType.TaskScheduled : EventType.SubOrchestrationInstanceCreated,
        decision.name,
      );
