import type { StopRule } from '../contracts/spec.ts';

export interface BestSoFar {
  readonly best: { readonly version: number; readonly value: number } | null;
  /** Scored versions since the best one. */
  readonly sinceBest: number;
}

export function improves(rule: Pick<StopRule, 'mode' | 'minDelta'>, value: number, best: number): boolean {
  return rule.mode === 'max' ? value > best + rule.minDelta : value < best - rule.minDelta;
}

/** Takes one more scored version into account; a version that is not newer than the best changes nothing. */
export function observe(
  rule: StopRule,
  seen: BestSoFar,
  version: number,
  value: number | undefined,
): BestSoFar {
  if (value === undefined) return seen;
  if (seen.best === null || improves(rule, value, seen.best.value))
    return { best: { version, value }, sinceBest: 0 };
  return { best: seen.best, sinceBest: seen.sinceBest + 1 };
}

/** Why the rule says stop, or undefined. */
export function stopReason(rule: StopRule, seen: BestSoFar): string | undefined {
  if (seen.best === null) return undefined;
  const { version, value } = seen.best;
  if (rule.target !== undefined && (rule.mode === 'max' ? value >= rule.target : value <= rule.target)) {
    return `version ${version} reached ${rule.metric} ${value}, the target is ${rule.target}`;
  }
  if (rule.patience !== undefined && seen.sinceBest >= rule.patience) {
    return `no improvement of ${rule.metric} over version ${version} in ${seen.sinceBest} scored versions`;
  }
  return undefined;
}
