/** Numbered aggregations, each done in several ways: what comes out, and which ways came to something else. */
import { createHash } from 'node:crypto';
import type { AggregateOptions } from '../../shared/aggregation/aggregate.ts';
import { FLSE } from '../../shared/sealing/floe.ts';
import { caseOf, digestOf } from './cases.ts';
import { Killed, keptShards } from './kept-shards.ts';
import { permuted } from './permuted.ts';

const plain = { workers: 0, kernels: 'reference', blockColumns: 1 } as const;

export interface DigestCases {
  /** Over the digests of all cases, in their order. */
  readonly digest: string;
  readonly aggregations: number;
  /** Seed and way of each aggregation whose digest is not its case's. */
  readonly different: readonly string[];
}

export async function digestCases(
  cases: number,
  report: (done: number) => void = () => undefined,
): Promise<DigestCases> {
  const all = createHash('sha256');
  const different: string[] = [];
  let aggregations = 0;
  for (let seed = 0; seed < cases; seed++) {
    const given = caseOf(seed);
    const expected = await digestOf(given, plain);
    all.update(expected);
    aggregations += 1;
    for (const [name, way] of waysOf(seed)) {
      aggregations += 1;
      if ((await digestOf(given, way)) !== expected) different.push(`${seed}: ${name}`);
    }
    aggregations += 1;
    if ((await throughKills(seed)) !== expected) different.push(`${seed}: killed and resumed`);
    if (given.plan.sumMode === 'exact-fixed/1') {
      aggregations += 1;
      // Of another order the evidence comes in another order too: the model and the state are compared.
      const [one, other] = [
        await digestOf(given, plain, {}, 'files'),
        await digestOf(permuted(given, seed), {}, {}, 'files'),
      ];
      if (one !== other) different.push(`${seed}: another order`);
    }
    report(seed + 1);
  }
  return { digest: all.digest('hex'), aggregations, different };
}

/** Threads take long to start, so that each case runs in one number of them beside none. */
function waysOf(seed: number): [string, AggregateOptions][] {
  const blockColumns = 1 + (seed % 3);
  const workers = 1 + (seed % 3);
  const shardBytes = FLSE.segmentPlaintext * (1 + (seed % 4));
  return [
    ['simd, one column a block', { workers: 0, kernels: 'simd', blockColumns: 1 }],
    [
      `simd, ${blockColumns + 1} columns a block`,
      { workers: 0, kernels: 'simd', blockColumns: blockColumns + 1 },
    ],
    [`reference, ${blockColumns} columns a block`, { workers: 0, kernels: 'reference', blockColumns }],
    [`${workers} workers`, { workers, blockColumns }],
    [`shards of ${shardBytes} bytes`, { workers: 0, checkpoints: keptShards(shardBytes) }],
  ];
}

/** Begins again each time that it was killed, a step later in each life. */
async function throughKills(seed: number): Promise<string> {
  const checkpoints = keptShards(FLSE.segmentPlaintext);
  for (let life = 0; ; life++) {
    checkpoints.dieAt(1 + (seed % 5) + 2 * life);
    try {
      return await digestOf(caseOf(seed), { ...plain, kernels: 'simd', checkpoints });
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
}
