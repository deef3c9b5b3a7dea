/**
 * Coordinate-wise median of the means of groups: less noisy than a median of single updates, and still right while
 * fewer than half of the groups hold a hostile one. After Chen, Su and Xu, "Distributed Statistical Machine Learning in
 * Adversarial Settings: Byzantine Gradient Descent", SIGMETRICS 2018, with the coordinate-wise median in place of the
 * geometric one.
 *
 * {"kind": "module", "module": "median-of-means", "parameters": {"groups": 5}}
 *
 * The update at place i of the canonical order belongs to group i mod `groups`.
 */
import type { UserStrategy } from '../shared/domain/strategies/user-strategy.ts';

export const check: UserStrategy['check'] = ({ groups }, updates) => {
  if (typeof groups !== 'number' || !Number.isInteger(groups) || groups < 1) {
    return 'a parameter `groups`, whole and at least 1';
  }
  if (groups > updates.length)
    return `at least ${groups} updates, one for each group, and has ${updates.length}`;
  return undefined;
};

export const foldBlock: UserStrategy['foldBlock'] = (columns, out, { groups }) => {
  const count = Number(groups);
  const means = Array.from({ length: count }, (_, group) => meanOf(columns, group, count));
  const row = new Float64Array(count);
  for (let i = 0; i < out.length; i++) {
    for (let group = 0; group < count; group++) row[group] = means[group]?.[i] ?? 0;
    row.sort();
    out[i] = ((row[(count - 1) >> 1] ?? 0) + (row[count >> 1] ?? 0)) / 2;
  }
};

function meanOf(columns: readonly Float64Array[], group: number, groups: number): Float64Array {
  const members = columns.filter((_, place) => place % groups === group);
  const mean = new Float64Array(columns[0]?.length ?? 0);
  for (const column of members)
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + (column[i] ?? 0);
  for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) / members.length;
  return mean;
}
