// node prepare.mjs --out DIR [--seed N]
// Deals the SpamAssassin corpus to three silos and a test set, as hashed features:
//   DIR/silo-1|2|3/train.bin, validation.bin    DIR/test/test.bin    DIR/split.json (what went where and why)
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAsScript } from '../shared/script.mjs';
import { writeJson } from '../shared/whole-file.mjs';
import { CORPUS_PACKAGE, readCorpus } from './corpus.mjs';
import { DIMENSIONS, featuresOf } from './hashed-features.mjs';
import { mailSetOf, writeMailSet } from './mail-set.mjs';
import { readMail, wordsOf } from './mail-text.mjs';
import { nearCopyFinder } from './near-copies.mjs';
import { splitMails } from './split.mjs';
import { describeSplit } from './split-report.mjs';

/** A body of fewer words says nothing (an attachment, a picture). */
const FEWEST_WORDS = 3;

/**
 * Writes the data of the demonstration. split.json comes last: where it is, the rest is whole.
 * @param {{ out: string, seed?: number }} options
 * @returns {import('./split-report.mjs').SplitReport} what split.json says
 */
export function prepare({ out, seed = 1 }) {
  const { version, mails: raw } = readCorpus();
  const { mails, dropped } = distinctMails(raw);
  const split = splitMails(mails, seed);
  for (const [silo, { train, validation }] of Object.entries(split.silos)) {
    writeMailSet(join(out, silo, 'train.bin'), mailSetOf(train, DIMENSIONS));
    writeMailSet(join(out, silo, 'validation.bin'), mailSetOf(validation, DIMENSIONS));
  }
  writeMailSet(join(out, 'test', 'test.bin'), mailSetOf(split.test, DIMENSIONS));
  const corpus = { package: CORPUS_PACKAGE, version, mails: raw.length };
  const report = describeSplit({ split, seed, corpus, dropped });
  writeJson(join(out, 'split.json'), report);
  return report;
}

/**
 * The mails that have text, the first of each set of near copies.
 * @param {readonly import('./corpus.mjs').RawMail[]} raw
 */
function distinctMails(raw) {
  const isNearCopy = nearCopyFinder();
  /** @type {import('./split.mjs').Mail[]} */
  const mails = [];
  const dropped = { copies: 0, withoutText: 0 };
  for (const { id, kind, raw: text } of raw) {
    const mail = readMail(text);
    const body = wordsOf(mail.body);
    const words = body.filter((word) => !word.startsWith('<'));
    if (words.length < FEWEST_WORDS) dropped.withoutText += 1;
    else if (isNearCopy(words)) dropped.copies += 1;
    else {
      const row = featuresOf(wordsOf(mail.subject), body);
      mails.push({ id, kind, spam: kind.startsWith('spam'), words: words.length, row });
    }
  }
  return { mails, dropped };
}

function main() {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, seed: { type: 'string', default: '1' } },
  });
  const seed = Number(values.seed);
  if (values.out === undefined || !Number.isSafeInteger(seed)) {
    throw new Error('usage: node prepare.mjs --out DIR [--seed N]');
  }
  const { test, silos } = prepare({ out: values.out, seed });
  for (const [name, { mails, spamShare, medianWords }] of Object.entries({ ...silos, test })) {
    const spam = `${(100 * spamShare).toFixed(0)}% spam`;
    console.log(`${name}: ${mails} mails, ${spam}, ${medianWords} words in the median mail`);
  }
}

runAsScript(import.meta.url, 'prepare.mjs', main);
