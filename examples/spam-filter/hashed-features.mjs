// Hashes words into a vector of fixed length, so that silos which never compare vocabularies still agree on what each
// weight of the model means. A second hash bit gives the sign, so that words which collide cancel out on average.

/** Length of the feature vector, and so of the model's `weights`: a power of two. */
export const DIMENSIONS = 2 ** 13;

/**
 * A sparse row: `columns` ascending, `values` of unit length in all.
 * @typedef {{ columns: number[], values: number[] }} SparseRow
 */

/**
 * Log term counts of the words, hashed and scaled to unit length, so that a long newsletter and a two-line note weigh
 * the same. A word in the subject is another feature than the same word in the body.
 * @param {readonly string[]} subject words
 * @param {readonly string[]} body words
 * @returns {SparseRow}
 */
export function featuresOf(subject, body) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const word of body) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const word of subject) counts.set(`subject:${word}`, (counts.get(`subject:${word}`) ?? 0) + 1);

  /** @type {Map<number, number>} */
  const sums = new Map();
  for (const [word, count] of counts) {
    const hash = fnv1a(word);
    const column = hash & (DIMENSIONS - 1);
    const signed = hash >>> 31 === 1 ? -Math.log1p(count) : Math.log1p(count);
    sums.set(column, (sums.get(column) ?? 0) + signed);
  }
  const columns = [...sums.keys()].filter((column) => sums.get(column) !== 0).sort((a, b) => a - b);
  const values = columns.map((column) => sums.get(column) ?? 0);
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return { columns, values: values.map((value) => value / length) };
}

/**
 * 32-bit FNV-1a over UTF-16 code units, with a last mix because FNV's high bits change little on short words.
 * @param {string} text
 * @returns {number} unsigned
 */
export function fnv1a(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
