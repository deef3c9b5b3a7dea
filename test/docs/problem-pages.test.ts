import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyHazard } from '../../local/durable/strict.ts';
import { allSlugs } from '../../shared/contracts/refusals.ts';
import { repositoryRoot, sourceFiles } from './repository.ts';

const directory = join(repositoryRoot, 'docs', 'problems');
const pages = readdirSync(directory)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .map((name) => name.slice(0, -'.md'.length));
const isHazard = (page: string): boolean => page.startsWith('durable-hazard-');
const textOf = (page: string): string => readFileSync(join(directory, `${page}.md`), 'utf8');

/** What code says as a reason without taking it from the list: `slug: '...'`, and the ends of experiments. */
function slugsInCode(): Set<string> {
  const sources = sourceFiles().map((file) => readFileSync(file, 'utf8'));
  const written = sources.flatMap((source) => [
    ...source.matchAll(/slug: '([a-z][a-z-]*)'/g),
    ...source.matchAll(/\bfinish\(\s*'(?:completed|failed|cancelled)',\s*'([a-z][a-z-]*)'/g),
    ...source.matchAll(/\? '(rounds-done)' : '(stop-rule)'/g),
  ]);
  return new Set(written.flatMap(([, ...found]) => found));
}

describe('pages about problems', () => {
  it('explain every slug that a refusal can have', () => {
    expect(allSlugs.filter((slug) => !pages.includes(slug))).toEqual([]);
  });

  it('explain every reason that code writes down in its own words', () => {
    const found = slugsInCode();
    expect([...found].filter((slug) => !pages.includes(slug))).toEqual([]);
    // A pattern that no longer finds anything would pass everything.
    expect([...found]).toEqual(
      expect.arrayContaining(['silo-unreachable', 'round-error', 'cancelled', 'unscored', 'stop-rule']),
    );
  });

  it('explain every hazard that strict mode names', () => {
    const hazards = everyHazard.map((number) => `durable-hazard-${number}`);
    expect(pages.filter(isHazard).sort()).toEqual([...hazards].sort());
  });

  it('are about slugs that exist', () => {
    const known = new Set<string>([...allSlugs, ...slugsInCode()]);
    expect(pages.filter((page) => !isHazard(page) && !known.has(page))).toEqual([]);
  });

  it('say who sees it, what happened and what to do, on one screen', () => {
    for (const page of pages) {
      const text = textOf(page);
      expect(text, page).toMatch(/^# /);
      expect(text, page).toContain('**Seen by:**');
      expect(text, page).toContain('## What happened');
      expect(text, page).toContain('## What to do');
      expect(text.split('\n').length, page).toBeLessThan(40);
    }
  });

  it('are all listed in the index', () => {
    const index = textOf('README');
    expect(pages.filter((page) => !index.includes(`](${page}.md)`))).toEqual([]);
  });
});
