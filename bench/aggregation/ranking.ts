/**
 * Whether Krum ranks updates that lie close together as exact distances would: 12 updates that differ from a common one
 * by 10^-5, in float32, beside distances in float64 of the same numbers.
 */
import {
  krumNeighbours,
  krumScores,
  lowest,
  neighboursOf,
} from '../../shared/domain/strategies/krum-scores.ts';
import { simdKernels } from '../../shared/kernels/simd-kernels.ts';
import { seeded } from '../../test/sealing/seeded.ts';
import type { BenchRow } from '../row.ts';

const [UPDATES, BYZANTINE, SPREAD] = [12, 2, 1e-5];

export function ranking({ quick }: { readonly quick: boolean }): BenchRow[] {
  const trials = quick ? 20 : 100;
  const count = quick ? 10_000 : 50_000;
  let alike = 0;
  for (let trial = 0; trial < trials; trial++) {
    const updates = closeUpdates(count, trial);
    if (ranksOf(measured(updates)).join() === ranksOf(exact(updates)).join()) alike++;
  }
  return [
    {
      name: `Krum rankings of ${UPDATES} updates ${SPREAD} apart that are float64's`,
      value: (100 * alike) / trials,
      unit: '%',
      bar: 100,
      direction: 'min',
      peer: `${trials} sets of ${count / 1e3} thousand float32`,
    },
  ];
}

/** Small numbers up to 0.05, and each update's own noise. */
function closeUpdates(count: number, seed: number): Float32Array[] {
  const random = seeded(seed);
  const centred = (): number => random() * 2 - 1;
  const common = Float64Array.from({ length: count }, () => 0.05 * centred());
  return Array.from({ length: UPDATES }, () => Float32Array.from(common, (x) => x + SPREAD * centred()));
}

function measured(updates: readonly Float32Array[]): Float64Array {
  const kernels = simdKernels();
  const rowBytes = Math.ceil(((updates[0]?.length ?? 0) * 4) / 16) * 16;
  const table = UPDATES * rowBytes;
  kernels.reserve(table + UPDATES ** 2 * 8);
  const rows = updates.map((_, i) => i * rowBytes);
  for (const [i, update] of updates.entries()) {
    new Float32Array(kernels.bytes().buffer, i * rowBytes, update.length).set(update);
  }
  const ones = rows.map(() => 1);
  kernels.squaredDistances('F32', rows, updates[0]?.length ?? 0, ones, table);
  return new Float64Array(kernels.bytes().buffer, table, UPDATES ** 2).slice();
}

function exact(updates: readonly Float32Array[]): Float64Array {
  const distances = new Float64Array(UPDATES ** 2);
  for (const [i, a] of updates.entries()) {
    for (const [j, b] of updates.entries()) {
      let sum = 0;
      for (let at = 0; at < a.length; at++) sum += ((a[at] ?? 0) - (b[at] ?? 0)) ** 2;
      distances[i * UPDATES + j] = sum;
    }
  }
  return distances;
}

/** All updates, best first. */
function ranksOf(distances: Float64Array): number[] {
  const everyone = new Set(Array.from({ length: UPDATES }, (_, i) => i));
  const nearest = krumNeighbours(UPDATES, BYZANTINE);
  const scores = krumScores(distances, neighboursOf(distances, UPDATES), everyone, nearest);
  return lowest(scores, UPDATES);
}
