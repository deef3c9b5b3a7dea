import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('a module that is at fault', () => {
  let folder = '';
  let written = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modules-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const load = async (text: string) => {
    const path = join(folder, `module-${written++}.mjs`);
    await writeFile(path, text);
    return loadModule({ name: 'mine', url: pathToFileURL(path).href, parameters: { groups: 2 } });
  };
  const column = [Float64Array.of(1)];

  it.each([
    ["throw new Error('no licence')", 'strategies/mine does not load: no licence'],
    ["throw 'no licence'", 'strategies/mine does not load: an exception'],
    ['export const answer = 42', 'strategies/mine exports neither combine nor foldBlock.'],
  ])('is refused when it is loaded: %s', async (text, message) => {
    await expect(load(text)).rejects.toMatchObject({
      name: 'FoldRefused',
      slug: 'strategy-precondition',
      message,
    });
  });

  it.each([
    ["throw new TypeError('groups is no number')", 'strategies/mine threw: groups is no number'],
    ["throw 'groups is no number'", 'strategies/mine threw: groups is no number'],
    ['', 'strategies/mine left coordinates of a block without a finite value.'],
  ])('is refused when it folds: %s', async (body, message) => {
    const fold = await load(`export function foldBlock(columns, out) { ${body} }`);
    expect(() => fold(column, new Float64Array(1))).toThrow(
      expect.objectContaining({ name: 'FoldRefused', slug: 'strategy-precondition', message }) as Error,
    );
  });

  it('is given its parameters where it is not', async () => {
    const fold = await load(
      'export function foldBlock([column], out, { groups }) { out[0] = column[0] * groups; }',
    );
    const out = new Float64Array(1);
    fold(column, out);
    expect([...out]).toEqual([2]);
  });
});
