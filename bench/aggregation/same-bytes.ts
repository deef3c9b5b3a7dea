/** How many ways of doing the same aggregation gave the same bytes: arrival orders, threads, blocks, kernels, Node. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { strategySpec } from '../../shared/contracts/strategy-spec.ts';
import { strategyOf } from '../../shared/domain/strategies/resolve-strategy.ts';
import { aggregateSet, type Federation, federationOf } from '../../test/aggregation/sealed-set.ts';
import { below, seeded } from '../../test/sealing/seeded.ts';
import type { BenchRow } from '../row.ts';
import { bundleProcess } from './line-server.ts';

const RULES = [
  { kind: 'fedavg' },
  { kind: 'fedavg', sum: 'exact' },
  { kind: 'fedadam' },
  { kind: 'median' },
  { kind: 'trimmed-mean', byzantine: 1 },
  { kind: 'krum', byzantine: 1 },
] as const;
const KERNELS = ['simd', 'reference'] as const;

/** Digests of the model by rule: each list has one entry where nothing depends on the way. */
export async function digestsOfAllWays(quick: boolean): Promise<{ ways: number; digests: string[][] }> {
  const federation = federationOf(
    [
      { name: 'a', dtype: 'F32', shape: [quick ? 70_000 : 400_000] },
      { name: 'b', dtype: 'F16', shape: [33, 1_001] },
    ],
    7,
    1,
    8,
  );
  const [orders, blocks] = quick ? [2, [1, 2]] : [3, [1, 2, 4]];
  let ways = 0;
  const digests: string[][] = [];
  for (const rule of RULES) {
    const found = new Set<string>();
    const strategy = strategyOf(strategySpec.parse(rule), { silos: 7 });
    for (let order = 0; order < orders; order++) {
      for (const workers of quick ? [0, 2] : [0, 1, 2]) {
        for (const blockColumns of blocks) {
          for (const kernels of KERNELS) {
            const set = arrived(federation, order, !('sum' in rule));
            const { result, files } = await aggregateSet(set, strategy, { workers, blockColumns, kernels });
            if (!result.ok) throw new Error(result.detail);
            found.add(
              createHash('sha256')
                .update(files.model ?? '')
                .digest('hex'),
            );
            ways++;
          }
        }
      }
    }
    digests.push([...found]);
  }
  return { ways, digests };
}

/** In the order in which updates came; a round's set is sorted by silo, but for exact sums here, which need no order. */
function arrived(federation: Federation, order: number, sorted: boolean): Federation {
  const random = seeded(order);
  const updates = [...federation.updates];
  for (let i = updates.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    const [one, other] = [updates[i], updates[j]];
    if (one !== undefined && other !== undefined) [updates[i], updates[j]] = [other, one];
  }
  if (sorted) updates.sort((one, other) => (one.figures.silo < other.figures.silo ? -1 : 1));
  return { ...federation, updates };
}

export async function sameBytes(options: { quick: boolean; otherNode?: string }): Promise<BenchRow[]> {
  const { ways, digests } = await digestsOfAllWays(options.quick);
  const different = digests.reduce((sum, found) => sum + found.length - 1, 0);
  const row = (name: string, value: number, peer: string): BenchRow => ({
    name,
    value,
    unit: 'models',
    bar: 0,
    direction: 'max',
    peer,
  });
  const rows = [
    row(
      'models that differ: orders x workers x blocks x kernels',
      different,
      `${ways} aggregations of ${RULES.length} rules`,
    ),
  ];
  if (options.otherNode === undefined) return rows;
  const entry = await bundleProcess('same-bytes-process');
  const output = execFileSync(options.otherNode, [entry, String(options.quick)], { encoding: 'utf8' });
  const other = z
    .object({ version: z.string(), digests: z.array(z.array(z.string())) })
    .parse(JSON.parse(output));
  const apart = digests.filter((found, i) => found.join() !== other.digests[i]?.join()).length;
  rows.push(row(`rules whose model differs under Node ${other.version}`, apart, `of ${RULES.length}`));
  return rows;
}
