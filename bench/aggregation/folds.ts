/**
 * Folds of updates in memory against Flower's and NVFlare's own functions, turn by turn, over the same numbers. The
 * bars are for a peer whose allocator keeps memory (glibc's thresholds raised), which is many times faster here than
 * one with defaults; that one is measured beside it.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { median } from '../measure.ts';
import type { BenchRow } from '../row.ts';
import { fillRandom } from './fill-random.ts';
import type { FoldRule, HeldDtype } from './held-updates.ts';
import { widthOfHeld } from './held-updates.ts';
import { bundleProcess, type LineServer, lineServer } from './line-server.ts';

interface Shape {
  readonly K: number;
  readonly count: number;
  readonly tensors: number;
  readonly dtype: HeldDtype;
}
interface Peer {
  readonly name: string;
  readonly rule: string;
  readonly bar: number;
  readonly oneThread?: number;
}
interface Comparison extends Shape {
  readonly rule: FoldRule;
  readonly peers: readonly Peer[];
}

/** Keeps freed memory: without it glibc maps and unmaps every large array, and each page of it faults. */
export const TUNED = { MALLOC_MMAP_THRESHOLD_: '1073741824', MALLOC_TRIM_THRESHOLD_: '1073741824' };
const NUMPY_DTYPES = { F32: '<f4', F16: '<f2', U32: '<u4' } as const;
const DEFAULT_ALLOCATOR_PAIRS = 3;
const anything = z.object({});

function comparisons(quick: boolean): Comparison[] {
  const mega = (millions: number): number => millions * 1_000_000;
  const means = [
    { name: 'Flower aggregate_arrayrecords', rule: 'array-records', bar: 2.5, oneThread: 1.4 },
    { name: 'Flower aggregate', rule: 'aggregate', bar: 3.5 },
    { name: 'NVFlare WeightedAggregationHelper', rule: 'nvflare', bar: 2.8 },
  ];
  const one = (name: string, rule: string, bar: number): Peer[] => [{ name, rule, bar }];
  const f32 = { dtype: 'F32', tensors: 10 } as const;
  const ten = { ...f32, K: 10, count: quick ? mega(1) : mega(5) };
  const hundred = { ...f32, K: 100, count: quick ? 100_000 : mega(1) };
  const trimmed = 'Flower aggregate_trimmed_avg';
  return [
    {
      ...f32,
      rule: 'mean',
      K: 10,
      count: quick ? mega(2) : mega(25),
      tensors: quick ? 10 : 25,
      peers: means,
    },
    { ...f32, rule: 'mean', K: 100, count: quick ? 200_000 : mega(1), peers: means },
    { ...ten, rule: 'median', peers: one('Flower aggregate_median', 'median', 40) },
    { ...hundred, rule: 'median', peers: one('Flower aggregate_median', 'median', 10) },
    { ...ten, rule: 'trimmed-mean', peers: one(trimmed, 'trimmed-mean', 18) },
    { ...hundred, rule: 'trimmed-mean', peers: one(trimmed, 'trimmed-mean', 12) },
    { ...hundred, rule: 'distances', peers: one('Flower multikrum.compute_distances', 'distances', 1.3) },
    {
      ...hundred,
      dtype: 'U32',
      rule: 'modular-sum',
      peers: one('Flower parameters_addition and _mod', 'modular-sum', 5),
    },
    { ...ten, dtype: 'F16', rule: 'mean', peers: one('Flower aggregate_arrayrecords', 'array-records', 12) },
  ];
}

export interface FoldOptions {
  readonly quick: boolean;
  readonly full: boolean;
  readonly directory: string;
  /** Python with the peers; without it only what needs no peer is measured. */
  readonly python: string | undefined;
  readonly report: (line: string) => void;
}

export async function run(options: FoldOptions): Promise<BenchRow[]> {
  const { quick, directory, python } = options;
  const process_ = await bundleProcess('fold-process');
  const rows: BenchRow[] = [];
  for (const comparison of comparisons(quick)) {
    const { rule, K, count, dtype, tensors } = comparison;
    if (python === undefined && rule !== 'mean') continue;
    const name = `${rule} ${K} x ${count / 1e6}M ${dtype}`;
    options.report(`measuring ${name}`);
    const file = join(directory, 'updates');
    writeUpdates(file, comparison);
    const weights = Array.from({ length: K }, (_, k) => 17 + ((k * 61) % 1_009));
    const hold = { op: 'hold', file, K, count, weights };
    const ours = [1, 2].map((threads) => lineServer(process.execPath, [process_, String(threads)]));
    const theirs =
      python === undefined
        ? []
        : [TUNED, {}].map((env) => lineServer(python, ['bench/aggregation/peers.py'], env));
    try {
      for (const server of ours) await server.seconds({ ...hold, dtype, rule });
      const theirHold = { ...hold, dtype: dtypeOf(dtype), tensors, wide: dtype === 'U32' };
      for (const server of theirs) await server.ask(anything, theirHold);
      if (rule === 'mean' && dtype === 'F32') rows.push(await againstCopy(ours[0], comparison, name));
      for (const peer of python === undefined ? [] : comparison.peers) {
        rows.push(...(await compare({ comparison, peer, ours, theirs, directory, name, quick })));
      }
    } finally {
      await Promise.all([...ours, ...theirs].map((server) => server.stop()));
      await rm(file);
    }
  }
  return rows;
}

async function compare(given: {
  comparison: Comparison;
  peer: Peer;
  ours: readonly LineServer[];
  theirs: readonly LineServer[];
  directory: string;
  name: string;
  quick: boolean;
}): Promise<BenchRow[]> {
  const { comparison, peer, ours, theirs, directory, name } = given;
  const [one, two] = ours;
  const [tuned, untuned] = theirs;
  if (one === undefined || two === undefined || tuned === undefined || untuned === undefined) return [];
  const request = { op: 'run', rule: peer.rule };
  const out = join(directory, 'theirs');
  await tuned.seconds({ ...request, out });
  for (const [i, server] of ours.entries()) {
    await server.seconds({ op: 'run' });
    await server.seconds({ op: 'write', out: join(directory, `ours-${i}`) });
    requireAlike(comparison, numbersOf(join(directory, `ours-${i}`)), numbersOf(out));
  }
  const taken: { peer: number; one: number; two: number }[] = [];
  for (let pair = 0; pair < 7; pair++) {
    taken.push({
      one: await one.seconds({ op: 'run' }),
      peer: await tuned.seconds(request),
      two: await two.seconds({ op: 'run' }),
    });
  }
  const slow: number[] = [];
  for (let pair = 0; pair < DEFAULT_ALLOCATOR_PAIRS; pair++) {
    slow.push((await untuned.seconds(request)) / (await two.seconds({ op: 'run' })));
  }
  const ratios = (who: 'one' | 'two'): number[] => taken.map((times) => times.peer / times[who]);
  const least = (who: 'one' | 'two' | 'peer'): number => Math.min(...taken.map((times) => times[who]));
  const beside = (who: 'one' | 'two'): string =>
    `best/best ${(least('peer') / least(who)).toFixed(2)}; ${(1e3 * least(who)).toFixed(1)} ms, ` +
    `peer ${(1e3 * least('peer')).toFixed(1)} ms`;
  const row = (threads: string, who: 'one' | 'two', bar: number, more = ''): BenchRow => ({
    name: `${name}, ${threads}, against ${peer.name}`,
    value: median(ratios(who)),
    unit: 'x',
    bar,
    direction: 'min',
    peer: `${beside(who)}${more}`,
  });
  const withDefaults = `; peer's allocator untuned: ${median(slow).toFixed(1)} x`;
  return [
    row('2 threads', 'two', peer.bar, withDefaults),
    ...(peer.oneThread === undefined ? [] : [row('1 thread', 'one', peer.oneThread)]),
  ];
}

/** The rate at which updates are folded, of the rate at which they could be copied. */
async function againstCopy(one: LineServer | undefined, shape: Shape, name: string): Promise<BenchRow> {
  if (one === undefined) throw new Error('no process folds');
  const ratios: number[] = [];
  const bytes = shape.count * widthOfHeld(shape.dtype);
  let rate = 0;
  for (let pair = 0; pair < 9; pair++) {
    const copy = bytes / (await one.seconds({ op: 'copy' }));
    const fold = (bytes * shape.K) / (await one.seconds({ op: 'run' }));
    ratios.push(fold / copy);
    rate = Math.max(rate, fold);
  }
  return {
    name: `${name}, 1 thread, input rate of TypedArray.set's`,
    value: median(ratios),
    unit: 'x',
    bar: 0.7,
    direction: 'min',
    peer: `${(rate / 1e9).toFixed(1)} GB/s of updates folded`,
  };
}

function writeUpdates(file: string, { K, count, dtype }: Shape): void {
  const row = new Uint8Array(count * widthOfHeld(dtype));
  const target = openSync(file, 'w');
  for (let k = 0; k < K; k++) {
    fillRandom(row, dtype, k + 1);
    writeSync(target, row);
  }
  closeSync(target);
}

function dtypeOf(dtype: HeldDtype): string {
  if (dtype === 'F32' || dtype === 'F16' || dtype === 'U32') return NUMPY_DTYPES[dtype];
  throw new RangeError(`no numbers of ${dtype} are made`);
}

function numbersOf(file: string): Float64Array {
  const bytes = readFileSync(file);
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
}

/** Within the peer's rounding, which is of its accumulator: each addition may be off by half a unit. */
function requireAlike({ rule, dtype, K }: Comparison, ours: Float64Array, theirs: Float64Array): void {
  const unit = dtype === 'F16' ? 2 ** -11 : 2 ** -24;
  const scale = rule === 'distances' ? 2 * Math.max(...theirs) : 1;
  const allowed = dtype === 'U32' ? 0 : scale * unit * (rule === 'distances' ? 1_000 : K + 2);
  for (let i = 0; i < theirs.length; i++) {
    let value = ours[i] ?? Number.NaN;
    for (let at = i + theirs.length; rule === 'distances' && at < ours.length; at += theirs.length) {
      value += ours[at] ?? 0;
    }
    if (Math.abs(value - (theirs[i] ?? 0)) <= allowed) continue;
    throw new Error(`${rule}: element ${i} is ${value} here and ${theirs[i]} at the peer's`);
  }
}
