import { expect, it } from 'vitest';
import { type DigitSet, PIXELS } from '../../examples/digits/digits.mjs';
import { dealDigits } from './deal-digits.ts';

/** Each image's first pixel tells which it is. */
const all = {
  images: Float32Array.from({ length: 100 * PIXELS }, (_, at) => (at % PIXELS === 0 ? at / PIXELS : 0)),
  labels: Uint8Array.from({ length: 100 }, (_, row) => row % 10),
};
const rowsOf = (set: DigitSet) => Array.from(set.labels, (_, at) => set.images[at * PIXELS] ?? -1);

it.each([undefined, 5])('gives no digit to two silos and keeps its label, alpha %s', (alpha) => {
  const sets = dealDigits(all, { silos: 4, digits: 80, seed: 1, alpha });
  const rows = sets.flatMap(rowsOf);
  expect(rows).toHaveLength(80);
  expect(new Set(rows).size).toBe(80);
  expect(sets.flatMap(({ labels }) => [...labels])).toEqual(rows.map((row) => row % 10));
});

it('gives alike silos as many digits each, and others with another seed', () => {
  const [one, other] = [1, 2].map((seed) => dealDigits(all, { silos: 4, digits: 80, seed }));
  expect(one?.map(({ labels }) => labels.length)).toEqual([20, 20, 20, 20]);
  expect(one?.flatMap(rowsOf)).not.toEqual(other?.flatMap(rowsOf));
});

it('refuses to deal more digits than there are', () => {
  expect(() => dealDigits(all, { silos: 4, digits: 101, seed: 1 })).toThrow('there are 100 digits to deal');
});
