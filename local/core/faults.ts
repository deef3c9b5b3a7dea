/**
 * Faults to be injected into the embedded services, for tests of how clients take them and of recovery. Nothing
 * happens without a rule; rules are set in-process or through the control port.
 */
import { type FaultRule, requireUsable } from './fault-rule.ts';

export interface FaultPlan {
  /** Replaces all rules; an empty list ends the faults. Throws a RangeError for a rule that could never act. */
  set(rules: readonly FaultRule[]): void;
  /** The rule that hits this operation, counted as one use; the first that matches wins. */
  next(service: string, operation: string): FaultRule | undefined;
  /** How far the clock of locks, expiry and schedules runs ahead of the machine's, in milliseconds. */
  readonly clockAheadMs: number;
  /** Moves that clock on; never back, which no service is made for. */
  advanceClock(milliseconds: number): void;
  /** Ends the process as SIGKILL does. */
  readonly die: () => void;
}

export function createFaultPlan(die: () => void = killThisProcess): FaultPlan {
  let active: { rule: FaultRule; operation: RegExp; toSkip: number; left: number }[] = [];
  let clockAheadMs = 0;
  return {
    set(rules) {
      active = rules.map((rule) => ({
        rule: requireUsable(rule),
        operation: globPattern(rule.operation),
        toSkip: rule.skip ?? 0,
        left: rule.times,
      }));
    },
    next(service, operation) {
      for (const candidate of active) {
        const { rule, operation: pattern } = candidate;
        if (candidate.left <= 0 || (rule.service !== '*' && rule.service !== service)) continue;
        if (!pattern.test(operation)) continue;
        if (candidate.toSkip > 0) {
          candidate.toSkip -= 1;
          continue;
        }
        candidate.left -= 1;
        return rule;
      }
      return undefined;
    },
    get clockAheadMs() {
      return clockAheadMs;
    },
    advanceClock(milliseconds) {
      if (!(milliseconds >= 0)) throw new RangeError('a clock can only be moved on');
      clockAheadMs += milliseconds;
    },
    die,
  };
}

/** Not exit: nothing may be flushed, closed or answered on the way out. */
function killThisProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}

function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 'i');
}
