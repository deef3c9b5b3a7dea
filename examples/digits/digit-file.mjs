import { readFileSync } from 'node:fs';
import { writeWhole } from '../shared/whole-file.mjs';
import { PIXELS } from './digits.mjs';

/**
 * One digit after the other: its label, then 196 pixels, a byte each.
 * @param {string} file
 * @param {import('./digits.mjs').DigitSet} set
 */
export function writeDigits(file, { images, labels }) {
  const bytes = Buffer.alloc(labels.length * (PIXELS + 1));
  for (const [row, label] of labels.entries()) {
    const at = row * (PIXELS + 1);
    bytes[at] = label;
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      bytes[at + 1 + pixel] = Math.round(255 * (images[row * PIXELS + pixel] ?? 0));
    }
  }
  writeWhole(file, bytes);
}

/**
 * @param {string} file
 * @returns {import('./digits.mjs').DigitSet}
 */
export function readDigitFile(file) {
  const bytes = readFileSync(file);
  const count = bytes.length / (PIXELS + 1);
  if (!Number.isInteger(count) || count === 0) throw new Error(`${file} holds no digits`);
  const images = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const at = row * (PIXELS + 1);
    labels[row] = bytes[at] ?? 0;
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      images[row * PIXELS + pixel] = (bytes[at + 1 + pixel] ?? 0) / 255;
    }
  }
  return { images, labels };
}
