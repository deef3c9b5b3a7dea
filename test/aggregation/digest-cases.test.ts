/** The short form of `npm run digest-cases`. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { digestCases } from './digest-cases.ts';

it('forty random aggregations have the digests on record, whichever way each is done', {
  timeout: 120_000,
}, async () => {
  const { digest, different } = await digestCases(40);
  expect(different).toEqual([]);
  const kept = readFileSync(new URL('digest-cases.sha256', import.meta.url), 'utf8').split('\n');
  expect(kept).toContain(`${digest}  40 cases`);
});
