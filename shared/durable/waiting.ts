import type { OrchestrationContext } from 'durable-functions';
import type { Step } from './activity.ts';

/**
 * Waits for an event until a moment (epoch milliseconds). Each call makes fresh tasks: a pending task used in a second
 * `Task.any` corrupts results (docs/problems/durable-hazard-1.md). The timer that lost is cancelled, or the instance
 * would stay Running on Azure until it fires (docs/problems/durable-hazard-5.md).
 */
export function* eventOrTime(
  context: OrchestrationContext,
  event: string,
  until: number,
): Step<'event' | 'time'> {
  const timer = context.df.createTimer(new Date(until));
  const raised = context.df.waitForExternalEvent(event);
  const winner = yield context.df.Task.any([raised, timer]);
  if (winner === timer) return 'time';
  timer.cancel();
  return 'event';
}

export function* event(context: OrchestrationContext, name: string): Step<void> {
  yield context.df.waitForExternalEvent(name);
}

export function* sleepUntil(context: OrchestrationContext, until: number): Step<void> {
  yield context.df.createTimer(new Date(until));
}

/** Names of external events. They only wake: what they announce is in the ledger already. */
export const events = { quorum: 'quorum', settled: 'settled', control: 'control' } as const;
