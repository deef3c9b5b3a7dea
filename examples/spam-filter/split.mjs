// Who holds which mails. The three silos differ in all that makes federated learning hard: what their ordinary mail is
// about, how much of their mail is spam, which kind of spam, and how long mails are.
import { seededRandom, shuffle } from '../shared/seeded-random.mjs';

/** @typedef {import('./corpus.mjs').Kind} Kind */

/**
 * @typedef {object} Mail
 * @property {string} id
 * @property {Kind} kind
 * @property {boolean} spam
 * @property {number} words
 * @property {import('./hashed-features.mjs').SparseRow} row
 *
 * @typedef {'silo-1' | 'silo-2' | 'silo-3'} Silo
 * @typedef {{ test: Mail[], silos: Record<Silo, { train: Mail[], validation: Mail[] }> }} Split
 */

/** Share of every kind that nobody trains on. */
export const TEST_SHARE = 0.2;
/** Share of a silo's spam, and of its other mail, that it holds back to score models on. */
export const VALIDATION_SHARE = 0.1;
/** 0: silos take their share of a kind strictly by length; 1: length plays no part. */
export const LENGTH_NOISE = 0.3;

/** @type {readonly Silo[]} */
export const SILOS = ['silo-1', 'silo-2', 'silo-3'];

/**
 * What part of each kind goes to silo-1, silo-2 and silo-3, shortest mails first.
 * @type {Readonly<Record<Kind, readonly [number, number, number]>>}
 */
export const SHARES = {
  'easy-ham-1': [0.96, 0.04, 0],
  'easy-ham-2': [0.04, 0.96, 0],
  'hard-ham-1': [0, 0.05, 0.95],
  'spam-1': [0.35, 0.05, 0.6],
  'spam-2': [0, 0.1, 0.9],
};

/**
 * Deals mails to the test set and to the silos; every mail goes to one place.
 * @param {readonly Mail[]} mails without duplicates
 * @param {number} seed
 * @returns {Split}
 */
export function splitMails(mails, seed) {
  const random = seededRandom(`split ${seed}`);
  /** @type {Mail[]} */
  const test = [];
  /** @type {Record<Silo, Mail[]>} */
  const held = { 'silo-1': [], 'silo-2': [], 'silo-3': [] };
  for (const [kind, shares] of Object.entries(SHARES)) {
    const ofKind = shuffle(
      mails.filter((mail) => mail.kind === kind),
      random,
    );
    const tested = Math.round(TEST_SHARE * ofKind.length);
    test.push(...ofKind.slice(0, tested));
    const rest = roughlyByLength(ofKind.slice(tested), random);
    const ends = [shares[0], shares[0] + shares[1], 1].map((share) => Math.round(share * rest.length));
    for (const [index, silo] of SILOS.entries())
      held[silo].push(...rest.slice(ends[index - 1] ?? 0, ends[index]));
  }
  return {
    test,
    silos: {
      'silo-1': holdBack(held['silo-1'], random),
      'silo-2': holdBack(held['silo-2'], random),
      'silo-3': holdBack(held['silo-3'], random),
    },
  };
}

/**
 * @param {readonly Mail[]} mails
 * @param {() => number} random
 */
function roughlyByLength(mails, random) {
  return mails
    .toSorted((a, b) => a.words - b.words)
    .map((mail, rank) => ({
      mail,
      place: (1 - LENGTH_NOISE) * (rank / mails.length) + LENGTH_NOISE * random(),
    }))
    .sort((a, b) => a.place - b.place)
    .map(({ mail }) => mail);
}

/**
 * @param {readonly Mail[]} mails
 * @param {() => number} random
 */
function holdBack(mails, random) {
  /** @type {{ train: Mail[], validation: Mail[] }} */
  const parts = { train: [], validation: [] };
  for (const spam of [false, true]) {
    const ofClass = shuffle(
      mails.filter((mail) => mail.spam === spam),
      random,
    );
    const heldBack = Math.ceil(VALIDATION_SHARE * ofClass.length);
    parts.validation.push(...ofClass.slice(0, heldBack));
    parts.train.push(...ofClass.slice(heldBack));
  }
  return parts;
}
