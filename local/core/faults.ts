/** A fault to be injected into an embedded service, for tests of how clients take it. */
export interface FaultRule {
  /** `blob`, `cosmos`, `keyvault`, ... or `*`. */
  readonly service: string;
  /** The service's operation name; `*` stands for any run of characters. */
  readonly operation: string;
  /**
   * `status`: answered before the operation runs. `latency`: the operation starts late. `reset`: the connection is
   * cut before the operation runs. `lost-answer`: the operation runs to its end, then the connection is cut.
   */
  readonly kind: 'status' | 'latency' | 'reset' | 'lost-answer';
  /** HTTP status for `status`; default 503. */
  readonly status?: number;
  /** Seconds for the Retry-After header of `status`; without it the header is left out. */
  readonly retryAfter?: number;
  /** Milliseconds for `latency`. */
  readonly delayMs?: number;
  /** How many operations it hits before it is used up. */
  readonly times: number;
}

export interface FaultPlan {
  /** Replaces all rules; an empty list ends the faults. */
  set(rules: readonly FaultRule[]): void;
  /** The rule that hits this operation, counted as one use; the first that matches wins. */
  next(service: string, operation: string): FaultRule | undefined;
}

export function createFaultPlan(): FaultPlan {
  let active: { rule: FaultRule; operation: RegExp; left: number }[] = [];
  return {
    set(rules) {
      active = rules.map((rule) => ({ rule, operation: globPattern(rule.operation), left: rule.times }));
    },
    next(service, operation) {
      const hit = active.find(
        ({ rule, operation: pattern, left }) =>
          left > 0 && (rule.service === '*' || rule.service === service) && pattern.test(operation),
      );
      if (hit === undefined) return undefined;
      hit.left -= 1;
      return hit.rule;
    },
  };
}

function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 'i');
}
