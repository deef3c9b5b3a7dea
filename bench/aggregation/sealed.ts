/**
 * From sealed files in the page cache to the next model's file: time against decryption alone and against Python that
 * opens the same segments and folds as Flower does; memory; growth with updates and with the model.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { FLSE } from '../../shared/sealing/floe.ts';
import { keySchedule } from '../../shared/sealing/floe-keys.ts';
import { canonicalHeader, plaintextLength } from '../../shared/tensors/schema.ts';
import { median } from '../measure.ts';
import type { BenchRow } from '../row.ts';
import { type FoldOptions, TUNED } from './folds.ts';
import { bundleProcess, type LineServer, lineServer } from './line-server.ts';
import { type SealedFile, schemaOf, writeModel, writeSealed } from './sealed-files.ts';

const measured = z.object({ seconds: z.number(), peak: z.number() });
const WORKERS = 2;
const MIB = 2 ** 20;

interface Sealed {
  readonly count: number;
  readonly base: string;
  readonly updates: readonly SealedFile[];
}

export async function sealedFiles(options: FoldOptions): Promise<BenchRow[]> {
  const { quick } = options;
  const shapes = quick
    ? [{ K: 4, count: 4_000_000 }]
    : [
        { K: 10, count: 25_000_000 },
        { K: 100, count: 1_000_000 },
      ];
  const rows: BenchRow[] = [];
  for (const { K, count } of shapes) {
    options.report(`measuring ${K} sealed updates of ${(count * 4) / 1e6} MB`);
    const files = await makeFiles(options.directory, K, count);
    rows.push(...(await compare(options, files)));
    await dropFiles(files);
  }
  return rows;
}

async function compare({ directory, python }: FoldOptions, files: Sealed): Promise<BenchRow[]> {
  const K = files.updates.length;
  const name = `${K} sealed updates of ${(files.count * 4) / 1e6} MB, 2 workers`;
  const entry = await bundleProcess('sealed-process');
  const [folding, opening] = [lineServer(process.execPath, [entry]), lineServer(process.execPath, [entry])];
  const peer = python === undefined ? undefined : lineServer(python, ['bench/aggregation/peers.py'], TUNED);
  const fold = foldOf(files, files.updates, { kind: 'fedavg' }, join(directory, 'ours'));
  const open = { op: 'open', updates: files.updates, workers: WORKERS, frees: false };
  const openAndFree = { ...open, frees: true };
  const theirs = { ...peerRequest(files, join(directory, 'theirs')), weights: fold.weights };
  try {
    for (const [server, request] of [
      [folding, fold],
      [opening, open],
    ] as const)
      await server.seconds(request);
    await peer?.seconds(theirs);
    if (peer !== undefined) await requireAlike(join(directory, 'ours'), join(directory, 'theirs'), files);
    const alone: number[] = [];
    const freed: number[] = [];
    const ratios: number[] = [];
    const times: number[] = [];
    for (let pair = 0; pair < 7; pair++) {
      const opened = await opening.seconds(open);
      const openedAndFreed = await opening.seconds(openAndFree);
      const folded = await folding.seconds(fold);
      times.push(folded);
      alone.push(opened / folded);
      freed.push(openedAndFreed / folded);
      if (peer !== undefined) ratios.push((await peer.seconds(theirs)) / folded);
    }
    const rate = `${((K * files.count * 4) / 1e9 / Math.min(...times)).toFixed(2)} GB/s of updates at best`;
    const whileFreeing = `${rate}; of decryption that frees at once ${median(freed).toFixed(2)}`;
    const row = (against: string, values: number[], bar: number, peer = rate): BenchRow => ({
      name: `${name}, against ${against}`,
      value: median(values),
      unit: 'x',
      bar,
      direction: 'min',
      peer,
    });
    return [
      row('decryption alone', alone, 0.7, whileFreeing),
      ...(peer === undefined ? [] : [row("Python's cryptography and Flower's mathematics", ratios, 1.6)]),
    ];
  } finally {
    for (const server of [folding, opening, peer]) await server?.stop();
  }
}

/** Peak memory of a process that does one aggregation. One file stands for all updates: memory cannot tell. */
export async function memory({ quick, full, directory, report }: FoldOptions): Promise<BenchRow[]> {
  const entry = await bundleProcess('sealed-process');
  const sizes = quick ? [4, 64] : [4, 100, 1_000, ...(full ? [5_000] : [])];
  const peaks: { K: number; megabytes: number; rule: string; peak: number; bar: number }[] = [];
  for (const megabytes of sizes) {
    const files = await makeFiles(directory, 1, megabytes * 250_000);
    const cases: { K: number; strategy: object; bar: number }[] = [4, 100]
      .filter((K) => K * megabytes <= 25_000)
      .map((K) => ({ K, strategy: { kind: 'fedavg' }, bar: 192 }));
    if (megabytes === sizes[1]) {
      for (const K of [10, 100]) {
        const bar = 192 + WORKERS * (K + 4) * Math.max(1, Math.min(4, Math.floor(32 / K))) * 0.25;
        for (const kind of ['median', 'trimmed-mean', 'krum']) {
          cases.push({ K, strategy: kind === 'median' ? { kind } : { kind, byzantine: 2 }, bar });
        }
      }
    }
    for (const { K, strategy, bar } of cases) {
      const server = lineServer(process.execPath, [entry]);
      const updates = Array.from({ length: K }, () => files.updates[0] as SealedFile);
      const { peak } = await server.ask(measured, foldOf(files, updates, strategy, join(directory, 'out')));
      await server.stop();
      const rule = 'kind' in strategy ? String(strategy.kind) : '';
      report(`${rule}, ${K} x ${megabytes} MB: peak ${peak.toFixed(0)} MiB`);
      peaks.push({ K, megabytes, rule, peak, bar });
    }
    await dropFiles(files);
  }
  const least = (megabytes: number | undefined): number =>
    Math.max(
      ...peaks
        .filter((p) => p.rule === 'fedavg' && p.megabytes === megabytes && p.K === 4)
        .map((p) => p.peak),
    );
  const row = (name: string, value: number, bar: number): BenchRow => ({
    name,
    value,
    unit: 'MiB',
    bar,
    direction: 'max',
  });
  return [
    ...peaks.map(({ rule, K, megabytes, peak, bar }) =>
      row(`peak resident memory, ${rule} ${K} x ${megabytes} MB, 2 workers`, peak, bar),
    ),
    row(
      `growth of peak memory, 4 MB to ${sizes.at(-1)} MB, 4 updates`,
      least(sizes.at(-1)) - least(sizes[0]),
      32,
    ),
  ];
}

/** How time grows: the exponent e of the fitted t = c * n^e. */
export async function growth({ quick, directory }: FoldOptions): Promise<BenchRow[]> {
  const server: LineServer = lineServer(process.execPath, [await bundleProcess('sealed-process')]);
  const best = async (files: Sealed, K: number): Promise<number> => {
    const updates = Array.from({ length: K }, () => files.updates[0] as SealedFile);
    const fold = foldOf(files, updates, { kind: 'fedavg' }, join(directory, 'out'));
    const times: number[] = [];
    for (let time = 0; time < 3; time++) times.push(await server.seconds(fold));
    return Math.min(...times);
  };
  try {
    const counts: [number, number][] = [];
    const one = await makeFiles(directory, 1, (quick ? 4 : 8) * MIB);
    // Beyond 32 updates evidence stops, which would make more updates look cheaper.
    for (const K of [4, 8, 16, 32]) counts.push([K, await best(one, K)]);
    await dropFiles(one);
    const sizes: [number, number][] = [];
    for (const mebi of quick ? [4, 8, 16] : [4, 8, 16, 32, 64]) {
      const files = await makeFiles(directory, 1, mebi * MIB);
      sizes.push([mebi, await best(files, 8)]);
      await dropFiles(files);
    }
    const row = (name: string, points: readonly [number, number][]): BenchRow => ({
      name,
      value: exponent(points),
      unit: '',
      bar: 1.05,
      direction: 'max',
      peer: points.map(([n, seconds]) => `${n}: ${(1e3 * seconds).toFixed(0)} ms`).join(', '),
    });
    return [
      row('exponent of time over updates, 4 to 32', counts),
      row('exponent of time over model size (Mi elements)', sizes),
    ];
  } finally {
    await server.stop();
  }
}

function exponent(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([n, seconds]) => [Math.log(n), Math.log(seconds)] as const);
  const mean = (at: 0 | 1): number => logs.reduce((sum, point) => sum + point[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const across = logs.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return across / logs.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

async function makeFiles(directory: string, K: number, count: number): Promise<Sealed> {
  const base = join(directory, 'base');
  await writeModel(base, count, 0);
  const updates: SealedFile[] = [];
  for (let k = 0; k < K; k++) updates.push(await writeSealed(join(directory, `sealed-${k}`), count, k + 1));
  return { count, base, updates };
}

async function dropFiles({ base, updates }: Sealed): Promise<void> {
  for (const file of [base, ...updates.map((update) => update.file)]) await rm(file);
}

function foldOf({ count, base }: Sealed, updates: readonly SealedFile[], strategy: object, out: string) {
  const weights = updates.map((_, k) => 100 + (k % 10));
  return { op: 'fold', count, base, out, updates, weights, strategy, workers: WORKERS };
}

/** Python is given segment keys: a file has one, up to 2^20 segments. */
function peerRequest({ count, base, updates }: Sealed, out: string) {
  const schema = schemaOf(count);
  const keyOf = ({ key, context, header }: SealedFile): string =>
    keySchedule(
      Buffer.from(key, 'hex'),
      Buffer.from(header, 'hex').subarray(10, 42),
      Buffer.from(context, 'hex'),
      { segmentLength: FLSE.segmentLength },
    )
      .segmentKey(0)
      .toString('hex');
  return {
    op: 'sealed',
    base,
    out,
    header: canonicalHeader(schema).length,
    length: plaintextLength(schema),
    segment: FLSE.segmentLength,
    updates: updates.map((update) => ({ file: update.file, key: keyOf(update) })),
  };
}

async function requireAlike(ours: string, theirs: string, { count, updates }: Sealed): Promise<void> {
  const header = canonicalHeader(schemaOf(count)).length;
  const [one, other] = [await readFile(ours), await readFile(theirs)];
  const allowed = (updates.length + 3) * 2 ** -24 * 2;
  for (let at = header; at < one.length; at += 4) {
    const off = Math.abs(one.readFloatLE(at) - other.readFloatLE(at));
    if (!(off <= allowed)) throw new Error(`the models differ by ${off} at byte ${at}`);
  }
}
