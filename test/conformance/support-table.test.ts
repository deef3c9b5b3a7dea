import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UNSUPPORTED_COMPS, UNSUPPORTED_HEADERS } from '../../local/blob/unsupported.ts';
import { UNSUPPORTED_OPERATIONS } from '../../local/key-vault/operation.ts';
import { services } from './conform.ts';
import { differences } from './differences.ts';
import { claimsOf, support, withGenerated } from './support-table.ts';

describe('the known differences', () => {
  it('are in docs/local-cloud.md as the suites have them', () => {
    const page = readFileSync('docs/local-cloud.md', 'utf8');
    expect(page, 'run `npm run generate:support`').toBe(withGenerated(page, 'differences'));
  });

  it('each belong to a test that there is', () => {
    const folder = 'test/conformance/blob';
    const sources = readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
    const titles = differences.map(({ test }) => test);
    expect(titles.filter((title) => !sources.some((source) => source.includes(`'${title}'`)))).toEqual([]);
  });
});

describe('the support table', () => {
  it('is in local/README.md as the suites make it', () => {
    const page = readFileSync('local/README.md', 'utf8');
    expect(page, 'run `npm run generate:support`').toBe(withGenerated(page, 'support'));
  });

  it.each(services)('has a test for every operation of %s, and no test claims an unknown one', (service) => {
    const claims = claimsOf(service);
    const { supported } = support[service];
    expect(supported.filter((operation) => !claims.has(operation))).toEqual([]);
    expect([...claims.keys()].filter((operation) => !supported.includes(operation))).toEqual([]);
  });

  it('lists whatever the services know by name and refuse', () => {
    const blob = support.blob.unsupported.map((name) => name.toLowerCase());
    const known = [
      ...Object.values(UNSUPPORTED_COMPS).flatMap((level) => Object.values(level)),
      ...UNSUPPORTED_HEADERS.map(([, feature]) => feature),
    ];
    expect(known.filter((name) => !blob.some((listed) => name.toLowerCase().includes(listed)))).toEqual([]);
    expect(UNSUPPORTED_OPERATIONS.filter((name) => !support['key-vault'].unsupported.includes(name))).toEqual(
      [],
    );
  });
});
