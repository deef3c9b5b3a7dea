import type { AggregateName } from './syntax.ts';
import { compareValues, type SqlValue, typeRank } from './values.ts';

/** Folds the values of one group. Undefined values do not count. */
export function aggregate(name: AggregateName, all: readonly SqlValue[]): SqlValue {
  const values = all.filter((value) => value !== undefined);
  switch (name) {
    case 'COUNT':
      return values.length;
    case 'SUM':
      return sum(values);
    case 'AVG': {
      const total = sum(values);
      return total === undefined || values.length === 0 ? undefined : total / values.length;
    }
    case 'MAX':
      return extreme(values, (order) => order > 0);
    case 'MIN':
      return extreme(values, (order) => order < 0);
  }
}

/** One value that is no number makes the whole sum undefined. */
function sum(values: readonly SqlValue[]): number | undefined {
  let total = 0;
  for (const value of values) {
    if (typeof value !== 'number') return undefined;
    total += value;
  }
  return Number.isFinite(total) ? total : undefined;
}

/** Arrays and objects have no extremes: one of them makes the result undefined. */
function extreme(values: readonly SqlValue[], replaces: (order: number) => boolean): SqlValue {
  let best: SqlValue;
  for (const value of values) {
    if (typeRank(value) > 4) return undefined;
    if (best === undefined || replaces(compareValues(value, best))) best = value;
  }
  return best;
}
