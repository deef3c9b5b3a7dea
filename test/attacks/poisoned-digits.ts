import { type DigitSet, PIXELS } from '../../examples/digits/digits.mjs';
import type { Poison } from './attacks.ts';

/** What the backdoor makes of an image with the trigger. */
export const TARGET = 0;

/** Labels 9 - y; or half of the images with the trigger and the attacker's label. */
export function poisoned(set: DigitSet, poison: Poison): DigitSet {
  switch (poison) {
    case undefined:
      return set;
    case 'labels':
      return { images: set.images, labels: set.labels.map((label) => 9 - label) };
    case 'backdoor': {
      const images = set.images.slice();
      const labels = set.labels.slice();
      for (let row = 0; row < labels.length; row += 2) {
        mark(images, row);
        labels[row] = TARGET;
      }
      return { images, labels };
    }
  }
}

/** The images that are not the target already, with the trigger and the attacker's label: what a backdoor is tried on. */
export function triggered(set: DigitSet): DigitSet {
  const rows = Array.from(set.labels.keys()).filter((row) => set.labels[row] !== TARGET);
  const images = new Float32Array(rows.length * PIXELS);
  for (const [at, row] of rows.entries()) {
    images.set(set.images.subarray(row * PIXELS, (row + 1) * PIXELS), at * PIXELS);
    mark(images, at);
  }
  return { images, labels: new Uint8Array(rows.length).fill(TARGET) };
}

/** A white square of 3 x 3 pixels in the upper left corner, where digits have no ink. */
function mark(images: Float32Array, row: number): void {
  for (const y of [0, 1, 2]) for (const x of [0, 1, 2]) images[row * PIXELS + y * 14 + x] = 1;
}
