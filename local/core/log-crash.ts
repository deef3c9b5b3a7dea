import type { FaultPlan } from './faults.ts';

/** Moments in the life of a record: not yet in the file, half of it written, all of it, synced but not answered. */
export type LogPoint = 'before-write' | 'half-written' | 'written' | 'synced';

/** For tests of recovery: the function that ends the process at this point, or nothing. */
export type LogCrash = (point: LogPoint) => (() => void) | undefined;

/** Lets `kill` rules on operations named `log {point}` end the process while `service` writes its log. */
export function crashFromPlan(plan: FaultPlan | undefined, service: string): { crash?: LogCrash } {
  if (plan === undefined) return {};
  return {
    crash: (point) => (plan.next(service, `log ${point}`)?.kind === 'kill' ? plan.die : undefined),
  };
}
