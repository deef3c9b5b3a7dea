import { DIMENSIONS } from './hashed-features.mjs';
import { LENGTH_NOISE, SHARES, TEST_SHARE, VALIDATION_SHARE } from './split.mjs';

/** @typedef {import('./split.mjs').Mail} Mail */

/**
 * @typedef {object} PartReport
 * @property {number} mails
 * @property {number} spamShare 0 to 1
 * @property {number} medianWords
 * @property {Record<string, number>} kinds mails of each kind
 *
 * @typedef {PartReport & { holds: string, train: string[], validation: string[] }} SiloReport
 *
 * @typedef {object} SplitReport
 * @property {number} seed
 * @property {{ package: string, version: string, mails: number }} corpus
 * @property {{ copies: number, withoutText: number }} dropped
 * @property {Record<string, string | number>} features
 * @property {{ why: string, testShare: number, validationShare: number, lengthNoise: number, shares: typeof SHARES }} rule
 * @property {Record<import('./split.mjs').Silo, SiloReport>} silos
 * @property {PartReport & { ids: string[] }} test
 */

const WHY =
  'Each silo gets its own kinds of mail, its own share of spam, and shorter or longer mails, so that a filter trained ' +
  'at one silo alone meets much in the test set that it has never seen. The test set takes the same share of every ' +
  'kind at random, and no silo trains on it. Of mails that are near copies of one another only the first is kept.';

/** What each silo stands for. */
const HOLDS = {
  'silo-1': 'technical mailing lists, short mails, little spam and only of the early kind',
  'silo-2': 'mailing lists of a later time, little spam',
  'silo-3': 'newsletters and long mails, nearly all the spam',
};

/**
 * @param {object} facts
 * @param {import('./split.mjs').Split} facts.split
 * @param {number} facts.seed
 * @param {SplitReport['corpus']} facts.corpus
 * @param {SplitReport['dropped']} facts.dropped
 * @returns {SplitReport}
 */
export function describeSplit({ split, seed, corpus, dropped }) {
  const silo = (/** @type {import('./split.mjs').Silo} */ name) => {
    const { train, validation } = split.silos[name];
    const ids = { train: idsOf(train), validation: idsOf(validation) };
    return { holds: HOLDS[name], ...part([...train, ...validation]), ...ids };
  };
  return {
    seed,
    corpus,
    dropped,
    features: {
      from: 'words of the subject and of the text parts; no other header, no markup, no list tags or footers',
      hash: 'signed FNV-1a',
      dimensions: DIMENSIONS,
      values: 'log(1 + count), scaled to unit length',
    },
    rule: {
      why: WHY,
      testShare: TEST_SHARE,
      validationShare: VALIDATION_SHARE,
      lengthNoise: LENGTH_NOISE,
      shares: SHARES,
    },
    silos: { 'silo-1': silo('silo-1'), 'silo-2': silo('silo-2'), 'silo-3': silo('silo-3') },
    test: { ...part(split.test), ids: idsOf(split.test) },
  };
}

/**
 * @param {readonly Mail[]} mails
 * @returns {PartReport}
 */
function part(mails) {
  const lengths = mails.map((mail) => mail.words).sort((a, b) => a - b);
  const spams = mails.filter((mail) => mail.spam).length;
  /** @type {Record<string, number>} */
  const kinds = {};
  for (const { kind } of mails) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return {
    mails: mails.length,
    spamShare: Number((spams / mails.length).toFixed(4)),
    medianWords: lengths[Math.floor(lengths.length / 2)] ?? 0,
    kinds,
  };
}

/** @param {readonly Mail[]} mails */
function idsOf(mails) {
  return mails.map((mail) => mail.id);
}
