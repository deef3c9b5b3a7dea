import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type MailSet, readMailSet } from '../../../examples/spam-filter/mail-set.mjs';
import { temporaryDirectory } from '../../local/core/temporary-directory.ts';
import { preparedData, prepareInto, runScript } from './prepared-data.ts';

const prepared = preparedData();
const SILOS = ['silo-1', 'silo-2', 'silo-3'] as const;

/** The greatest cosine similarity of any mail in `mails` to any mail in `others`. */
function closest(mails: MailSet, others: MailSet): number {
  const rows = Array.from(others.labels, (_, mail) => ({
    mail,
    from: others.offsets[mail] ?? 0,
    to: others.offsets[mail + 1] ?? 0,
  }));
  const dense = new Float32Array(mails.dimensions);
  let most = 0;
  for (let mail = 0; mail < mails.labels.length; mail++) {
    const [from, to] = [mails.offsets[mail] ?? 0, mails.offsets[mail + 1] ?? 0];
    for (let entry = from; entry < to; entry++) dense[mails.columns[entry] ?? 0] = mails.values[entry] ?? 0;
    for (const row of rows) {
      // Of two rows of unit length with cosine 0.97 the shorter holds at least half as many words as the longer.
      if (row.to - row.from > 2 * (to - from) || to - from > 2 * (row.to - row.from)) continue;
      let similarity = 0;
      for (let entry = row.from; entry < row.to; entry++) {
        similarity += (dense[others.columns[entry] ?? 0] ?? 0) * (others.values[entry] ?? 0);
      }
      most = Math.max(most, similarity);
    }
    for (let entry = from; entry < to; entry++) dense[mails.columns[entry] ?? 0] = 0;
  }
  return most;
}

/** SHA-256 of every file below the directory. */
function digestsOf(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(
    paths.map((path) => [
      path.slice(directory.length),
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    ]),
  );
}

test('every mail that is kept lies in exactly one place', () => {
  const { split } = prepared();
  const ids = SILOS.flatMap((silo) => [...split.silos[silo].train, ...split.silos[silo].validation]);
  ids.push(...split.test.ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length + split.dropped.copies + split.dropped.withoutText).toBe(split.corpus.mails);
  expect(split.corpus.mails).toBe(6046);
});

test('no mail of the test set has a near copy at a silo', () => {
  const { data } = prepared();
  const mails = readMailSet(join(data, 'test', 'test.bin'));
  for (const silo of SILOS) {
    for (const part of ['train.bin', 'validation.bin']) {
      expect(closest(mails, readMailSet(join(data, silo, part))), `${silo}/${part}`).toBeLessThan(0.97);
    }
  }
});

test('the files hold the mails that split.json names, with both classes in every part', () => {
  const { data, split } = prepared();
  for (const silo of SILOS) {
    for (const part of ['train', 'validation'] as const) {
      const { labels } = readMailSet(join(data, silo, `${part}.bin`));
      const spam = split.silos[silo][part].map((id) => Number(id.startsWith('spam')));
      expect([...labels], `${silo}/${part}`).toEqual(spam);
      expect(new Set(spam).size).toBe(2);
    }
  }
});

test('silos differ in kinds of mail, share of spam and length, and the test set resembles none of them', () => {
  const { silos, test: held } = prepared().split;
  const spamShares = SILOS.map((silo) => silos[silo].spamShare);
  expect(spamShares[0]).toBeLessThan(0.1);
  expect(spamShares[1]).toBeLessThan(0.1);
  expect(spamShares[2]).toBeGreaterThan(0.7);
  expect(held.spamShare).toBeGreaterThan(0.15);
  expect(held.spamShare).toBeLessThan(0.4);
  const lengths = SILOS.map((silo) => silos[silo].medianWords);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(silos['silo-1'].kinds['hard-ham-1']).toBeUndefined();
  expect(silos['silo-3'].kinds['easy-ham-1']).toBeUndefined();
  expect(Object.keys(held.kinds).sort()).toEqual([
    'easy-ham-1',
    'easy-ham-2',
    'hard-ham-1',
    'spam-1',
    'spam-2',
  ]);
});

test('the same seed deals the same bytes again, over what was there, and another seed deals otherwise', async () => {
  const { data } = prepared();
  const again = await temporaryDirectory();
  const other = await prepareInto(again, 2);
  expect(other.test.ids).not.toEqual(prepared().split.test.ids);
  await prepareInto(again, 1);
  expect(digestsOf(again)).toEqual(digestsOf(data));
}, 120_000);

test('the command line refuses a missing folder and a seed that is no number', async () => {
  for (const args of [[], ['--out', '/nonexistent/spam', '--seed', 'many'], ['--bogus']]) {
    const run = await runScript('prepare.mjs', args);
    expect(run.code, args.join(' ')).toBe(1);
    expect(run.stderr).toMatch(/^prepare\.mjs: /);
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
  }
});

test('a file that is cut short or is something else is not taken for a mail set', async () => {
  const { data } = prepared();
  const file = join(await temporaryDirectory(), 'train.bin');
  const whole = readFileSync(join(data, 'silo-2', 'validation.bin'));
  for (const bytes of [
    Buffer.alloc(0),
    whole.subarray(0, 12),
    whole.subarray(0, -1),
    Buffer.alloc(64, 0x41),
  ]) {
    writeFileSync(file, bytes);
    expect(() => readMailSet(file)).toThrow(/not a mail set|cut short/);
  }
});
