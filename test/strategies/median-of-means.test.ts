import { describe, expect, it } from 'vitest';
import { foldUserBlock, userStrategyOf } from '../../shared/domain/strategies/user-strategy.ts';
import * as exported from '../../strategies/median-of-means.ts';
import { figuresOf, strategy } from '../domain/strategies/small-federation.ts';

const medianOfMeans = userStrategyOf('median-of-means', exported);

function fold(columns: readonly number[][], groups: number): number[] {
  const out = new Float64Array(columns[0]?.length ?? 0);
  const arrays = columns.map((column) => Float64Array.from(column));
  foldUserBlock('median-of-means', medianOfMeans, arrays, out, { groups });
  return [...out];
}

describe('the median of means', () => {
  // Places 0, 3 make one group, 1, 4 the next, and 2 stands alone.
  const columns = [
    [1, 10],
    [2, 20],
    [1e9, -1e9],
    [3, 30],
    [6, 60],
  ];

  it('is the middle one of the means of its groups', () => {
    expect(fold(columns, 3)).toEqual([4, 20]);
  });

  it('of one group is the mean, and of as many groups as updates the median', () => {
    expect(fold([[1], [2], [6]], 1)).toEqual([3]);
    expect(fold(columns, 5)).toEqual([3, 20]);
    expect(fold([[1], [2]], 2)).toEqual([1.5]);
  });

  it('refuses groups that are not whole, and more of them than there are updates', () => {
    const checkOf = (parameters: object) =>
      strategy({ kind: 'module', module: 'median-of-means', parameters }, { userStrategy: medianOfMeans });
    const three = figuresOf([{ x: [1] }, { x: [1] }, { x: [1] }]);
    expect(checkOf({ groups: 3 }).check(three)).toBeUndefined();
    expect(checkOf({ groups: 4 }).check(three)?.detail).toMatch(/at least 4 updates/);
    for (const groups of [0, 1.5, '3', true]) {
      expect(checkOf({ groups }).check(three)?.detail).toMatch(/`groups`/);
    }
    expect(checkOf({}).check(three)?.slug).toBe('strategy-precondition');
  });
});
