export interface Scored {
  readonly metrics: Readonly<Record<string, number>>;
  readonly numExamples: number;
}

/**
 * Example-weighted mean of each metric over the silos that report it, summed in the order given (sorted by silo),
 * so that the figure depends only on the set. An empty `names` keeps every metric.
 */
export function weightedMetrics(
  reports: readonly Scored[],
  names: readonly string[],
): Record<string, number> {
  const kept =
    names.length > 0 ? names : [...new Set(reports.flatMap((report) => Object.keys(report.metrics)))].sort();
  const means: Record<string, number> = {};
  for (const name of kept) {
    let sum = 0;
    let weight = 0;
    for (const report of reports) {
      const value = report.metrics[name];
      if (value === undefined) continue;
      sum += value * report.numExamples;
      weight += report.numExamples;
    }
    if (weight > 0) means[name] = sum / weight;
  }
  return means;
}
