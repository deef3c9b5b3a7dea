import { MAX_METRICS } from '../contracts/reply.ts';

export interface Scored {
  readonly metrics: Readonly<Record<string, number>>;
  readonly numExamples: number;
}

/**
 * Example-weighted mean of each metric over the silos that report it, summed in the order given (sorted by silo),
 * so that the figure depends only on the set. An empty `names` keeps what the most silos report, at most 64 metrics.
 */
export function weightedMetrics(
  reports: readonly Scored[],
  names: readonly string[],
): Record<string, number> {
  const kept = names.length > 0 ? names : mostReported(reports);
  const means: Record<string, number> = {};
  for (const name of kept) {
    let sum = 0;
    let weight = 0;
    for (const report of reports) {
      // Only what the silo reported: a name may also be one that every object inherits.
      const value = Object.hasOwn(report.metrics, name) ? report.metrics[name] : undefined;
      if (value === undefined) continue;
      sum += value * report.numExamples;
      weight += report.numExamples;
    }
    if (weight > 0) means[name] = sum / weight;
  }
  return means;
}

/** The names that the most silos report, in order of name; a single silo cannot crowd the others' out. */
function mostReported(reports: readonly Scored[]): string[] {
  const counts = new Map<string, number>();
  for (const name of reports.flatMap((report) => Object.keys(report.metrics))) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1))
    .slice(0, MAX_METRICS)
    .map(([name]) => name)
    .sort();
}
