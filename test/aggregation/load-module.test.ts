import { describe, expect, it } from 'vitest';
import { strategiesFolder } from '../../shared/aggregation/deployed-files.ts';
import { deployedStrategy, loadModule, moduleUrl } from '../../shared/aggregation/load-module.ts';
import { StrategyFault } from '../../shared/domain/strategies/strategy-fault.ts';

const medianOfMeans = {
  name: 'median-of-means',
  url: moduleUrl('median-of-means', strategiesFolder()),
  parameters: { groups: 2 },
};

describe('a module of the deployed app', () => {
  it('is found by its name and folds columns', async () => {
    expect(Object.keys(await deployedStrategy('median-of-means'))).toContain('foldBlock');
    const out = new Float64Array(1);
    const fold = await loadModule(medianOfMeans);
    fold([Float64Array.of(1), Float64Array.of(10), Float64Array.of(3)], out);
    expect([...out]).toEqual([6]);
  });

  it('is refused where it is not there, or where a name is a path', async () => {
    await expect(deployedStrategy('never-deployed')).rejects.toThrow(StrategyFault);
    for (const name of ['../secrets', 'a/b', '', 'A']) {
      expect(() => moduleUrl(name, strategiesFolder())).toThrow(StrategyFault);
    }
    const missing = { ...medianOfMeans, url: moduleUrl('never-deployed', strategiesFolder()) };
    await expect(loadModule(missing)).rejects.toMatchObject({ slug: 'strategy-precondition' });
  });

  it('is refused where what it makes is not finite', async () => {
    const fold = await loadModule(medianOfMeans);
    const infinite = Float64Array.of(Number.POSITIVE_INFINITY);
    expect(() => fold([infinite, infinite], new Float64Array(1))).toThrow(/finite/);
  });
});
