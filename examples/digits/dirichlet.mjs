// Silos that differ: each class is dealt out by shares drawn from a Dirichlet distribution (Hsu, Qi and Brown 2019,
// "Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification"). A small alpha gives
// silos that hardly see some digits; a large one gives silos that are alike.
import { seededRandom, shuffle } from '../shared/seeded-random.mjs';

/**
 * @param {Uint8Array} labels [count]
 * @param {{ silos: number, alpha: number, seed: string, atLeast?: number }} options `atLeast` rows for every silo
 * @returns {number[][]} for each silo the rows that are its own; each row goes to exactly one silo
 */
export function dirichletSplit(labels, { silos, alpha, seed, atLeast = 10 }) {
  if (!(alpha > 0)) throw new RangeError('alpha is greater than 0');
  if (silos * atLeast > labels.length) throw new RangeError(`${labels.length} rows do not go round`);
  const random = seededRandom(`dirichlet ${seed}`);
  /** @type {Map<number, number[]>} */
  const byClass = new Map();
  for (const [row, label] of labels.entries()) byClass.set(label, [...(byClass.get(label) ?? []), row]);

  for (let tries = 0; tries < 1_000; tries++) {
    const dealt = Array.from({ length: silos }, () => /** @type {number[]} */ ([]));
    for (const label of [...byClass.keys()].sort((a, b) => a - b)) {
      const rows = shuffle([...(byClass.get(label) ?? [])], random);
      const shares = Array.from({ length: silos }, () => gamma(alpha, random));
      const total = shares.reduce((sum, share) => sum + share, 0);
      let [from, reached] = [0, 0];
      for (const [silo, share] of shares.entries()) {
        reached += share;
        const to = silo === silos - 1 ? rows.length : Math.round((reached / total) * rows.length);
        dealt[silo]?.push(...rows.slice(from, to));
        from = to;
      }
    }
    if (dealt.every((rows) => rows.length >= atLeast)) return dealt.map((rows) => shuffle(rows, random));
  }
  throw new Error(
    `no split in 1,000 tries gives each silo ${atLeast} rows; raise alpha or lower the number of silos`,
  );
}

/**
 * A gamma variate of this shape and scale 1 (Marsaglia and Tsang 2000; shapes under 1 by their section 6).
 * @param {number} shape
 * @param {() => number} random uniform in [0, 1)
 * @returns {number}
 */
function gamma(shape, random) {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/**
 * A standard normal variate (Box and Muller 1958).
 * @param {() => number} random
 */
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
