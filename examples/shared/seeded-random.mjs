// Randomness from a seed: the same seed gives the same split and the same order of mails on every machine.

/**
 * @param {string} seed any text
 * @returns {() => number} uniform in [0, 1), 32 bits
 */
export function seededRandom(seed) {
  let state = 0x9e3779b9;
  for (let at = 0; at < seed.length; at++) state = scramble(state ^ seed.charCodeAt(at));
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return scramble(state) / 2 ** 32;
  };
}

/**
 * Puts the items into a random order, in place.
 * @template {{ length: number, [index: number]: unknown }} Items
 * @param {Items} items
 * @param {() => number} random
 * @returns {Items}
 */
export function shuffle(items, random) {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    const moved = items[last];
    items[last] = items[chosen];
    items[chosen] = moved;
  }
  return items;
}

/**
 * Spreads every input bit over all 32 output bits (multiply and shift, invertible).
 * @param {number} value
 * @returns {number} unsigned
 */
export function scramble(value) {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
