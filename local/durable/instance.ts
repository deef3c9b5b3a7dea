import type { Decision } from './decision.ts';
import type { HistoryEvent, ParentLink } from './events.ts';

export type RuntimeStatus = 'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated';

const ended: ReadonlySet<RuntimeStatus> = new Set(['Completed', 'Failed', 'Terminated']);
export const hasEnded = (status: RuntimeStatus): boolean => ended.has(status);

/** One orchestration instance as stored; texts are JSON. Times are epoch milliseconds. */
export interface Instance {
  readonly instanceId: string;
  /** New for every generation (continue-as-new), so that a late result of an old one is told apart. */
  readonly executionId: string;
  readonly name: string;
  readonly version: string;
  readonly input: string | null;
  readonly output: string | null;
  readonly customStatus: string | null;
  readonly status: RuntimeStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly parent: ParentLink | null;
}

/** An event on its way to an instance. */
export interface QueuedEvent {
  readonly event: HistoryEvent;
  /** The inbox row to delete when the event enters the history; undefined for what a crash may make again. */
  readonly row?: number;
  /** The generation that it completes a task of; undefined for events that reach any generation. */
  readonly executionId?: string;
}

/** A scheduled task that has not completed. */
export interface PendingTask {
  readonly instanceId: string;
  readonly executionId: string;
  readonly decision: Decision;
}

const forbidden = /[/\\#?\u0000-\u001f\u007f-\u009f]/;

/** The rule of the Azure Storage provider: at most 256 characters, none of / \ # ? or control, no leading @. */
export const isInstanceId = (text: string): boolean =>
  text.length > 0 && text.length <= 256 && !text.startsWith('@') && !forbidden.test(text);
