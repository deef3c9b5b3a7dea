// Finds mails that are copies of one another but for a name, a number or a random word at the end, as spam campaigns
// and quoted threads are. A copy in the test set of a mail in training would make every score look better than it is.
//
// MinHash with banding: the least hash of a mail's word sequences under several hash functions agrees between two
// mails as often as they share sequences. A mail counts as a copy when all hashes of any one band agree: near-certain
// from 90 % shared sequences on, even odds at half, under 1 % at a tenth.

import { scramble } from '../shared/seeded-random.mjs';
import { fnv1a } from './hashed-features.mjs';

const SEQUENCE_WORDS = 4;
const BANDS = 4;
const HASHES_PER_BAND = 3;
const SALTS = Uint32Array.from({ length: BANDS * HASHES_PER_BAND }, (_, index) => scramble(index + 1));

/**
 * Remembers the mails shown to it.
 * @returns {(words: readonly string[]) => boolean} whether a mail shown before was a near copy of this one
 */
export function nearCopyFinder() {
  /** @type {Set<string>} */
  const seen = new Set();
  return (words) => {
    const bands = bandsOf(words);
    const copy = bands.some((band) => seen.has(band));
    // A copy is not remembered: chains of copies would otherwise swallow mails that resemble only each other's copies.
    if (!copy) for (const band of bands) seen.add(band);
    return copy;
  };
}

/** @param {readonly string[]} words */
function bandsOf(words) {
  const hashes = words.map(fnv1a);
  const least = new Uint32Array(SALTS.length).fill(0xffffffff);
  const sequences = Math.max(1, hashes.length - SEQUENCE_WORDS + 1);
  for (let first = 0; first < sequences; first++) {
    let sequence = 0;
    for (const hash of hashes.slice(first, first + SEQUENCE_WORDS)) sequence = scramble(sequence ^ hash);
    for (let index = 0; index < least.length; index++) {
      const salted = scramble(sequence ^ (SALTS[index] ?? 0));
      if (salted < (least[index] ?? 0)) least[index] = salted;
    }
  }
  return Array.from({ length: BANDS }, (_, band) => {
    const hashesOfBand = least.subarray(band * HASHES_PER_BAND, (band + 1) * HASHES_PER_BAND);
    return `${band} ${hashesOfBand.join(' ')}`;
  });
}
