import type { PendingTask } from './instance.ts';
import type { Decision } from './interpreter.ts';

export interface PendingRow {
  executionId: string;
  taskId: number;
  instanceId: string;
  decision: string;
}

export const encodeDecision = (decision: Decision): string => JSON.stringify(decision);

export function decodePending(row: PendingRow): PendingTask {
  const decision = JSON.parse(row.decision) as Decision;
  return {
    instanceId: row.instanceId,
    executionId: row.executionId,
    // Only the timer's own field is a date: an activity's input may have a property of that name.
    decision: decision.kind === 'timer' ? { ...decision, fireAt: new Date(decision.fireAt) } : decision,
  };
}
