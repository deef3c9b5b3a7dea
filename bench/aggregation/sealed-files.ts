/** Models and sealed updates as files, and an aggregation from files to a file. */
import { randomBytes } from 'node:crypto';
import { readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import * as z from 'zod';
import { type AggregateOptions, aggregate } from '../../shared/aggregation/aggregate.ts';
import { strategySpec } from '../../shared/contracts/strategy-spec.ts';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { strategyOf } from '../../shared/domain/strategies/resolve-strategy.ts';
import type { ReadInto } from '../../shared/ports/blobs.ts';
import { FLSE, startSealing } from '../../shared/sealing/floe.ts';
import { canonicalHeader } from '../../shared/tensors/schema.ts';
import { fillRandom } from './fill-random.ts';

/** A data key of its own for every file, in hex; none of them seals anything but made-up numbers. */
export const sealedFile = z.object({
  file: z.string(),
  key: z.string(),
  context: z.string(),
  header: z.string(),
});
export type SealedFile = z.infer<typeof sealedFile>;

export const foldRequest = z.object({
  count: z.int(),
  base: z.string(),
  out: z.string(),
  updates: z.array(sealedFile),
  weights: z.array(z.int()),
  strategy: z.json(),
  workers: z.int(),
});
export type FoldRequest = z.infer<typeof foldRequest>;

/** One tensor of float32. */
export function schemaOf(count: number): TensorSchema {
  return [{ name: 'weights', dtype: 'F32', shape: [count] }];
}

/** The plaintext of a model, piece by piece: each begins in the next one's array. */
async function* plaintextOf(count: number, seed: number): AsyncGenerator<Uint8Array> {
  yield canonicalHeader(schemaOf(count));
  const piece = new Uint8Array(2 ** 22);
  for (let at = 0; at < count * 4; at += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, count * 4 - at));
    fillRandom(part, 'F32', seed * 1_000_003 + at / piece.length);
    yield part;
  }
}

export async function writeModel(file: string, count: number, seed: number): Promise<void> {
  const target = await open(file, 'w');
  for await (const piece of plaintextOf(count, seed)) await target.write(piece);
  await target.close();
}

export async function writeSealed(file: string, count: number, seed: number): Promise<SealedFile> {
  const [key, context] = [randomBytes(32), randomBytes(64)];
  const sealer = startSealing({ key, associatedData: context, parameters: FLSE });
  const target = await open(file, 'w');
  await target.write(sealer.header);
  let held = Buffer.alloc(0);
  for await (const piece of plaintextOf(count, seed)) {
    held = Buffer.concat([held, piece]);
    let at = 0;
    // The last segment is not sealed before it is known to be the last.
    for (; held.length - at > FLSE.segmentPlaintext; at += FLSE.segmentPlaintext) {
      await target.write(sealer.seal(held.subarray(at, at + FLSE.segmentPlaintext), false));
    }
    held = Buffer.from(held.subarray(at));
  }
  await target.write(sealer.seal(held, true));
  await target.close();
  const hex = (bytes: Buffer): string => bytes.toString('hex');
  return { file, key: hex(key), context: hex(context), header: hex(sealer.header) };
}

/** Throws where the aggregation is refused. */
export async function foldFiles(request: FoldRequest, options: AggregateOptions = {}): Promise<void> {
  const { count, updates, weights, workers } = request;
  const files = [await open(request.base, 'r')];
  const reader = (file: (typeof files)[number]): ReadInto => {
    return async (offset, target) => {
      // From the page cache: a thread of the pool would take longer to be told than the copy takes.
      const bytesRead = readSync(file.fd, target, 0, target.length, offset);
      if (bytesRead < target.length) throw new RangeError('the file ends before that');
    };
  };
  const base = reader(files[0] ?? (await open(request.base, 'r')));
  const opened = new Map<string, ReadInto>();
  for (const { file } of updates) {
    if (opened.has(file)) continue;
    const handle = await open(file, 'r');
    files.push(handle);
    opened.set(file, reader(handle));
  }
  const target = await open(request.out, 'w');
  files.push(target);
  const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
  const result = await aggregate(
    {
      schema: schemaOf(count),
      updates: updates.map(({ file, key, context, header }, i) => ({
        figures: {
          silo: `silo-${String(i).padStart(4, '0')}`,
          weight: weights[i] ?? 1,
          norm: 1,
          metrics: {},
          staleness: 0,
        },
        opening: { key: bytes(key), context: bytes(context), header: bytes(header) },
        readCiphertext: opened.get(file) ?? base,
      })),
      strategy: strategyOf(strategySpec.parse(request.strategy), { silos: updates.length }),
      scalars: {},
      base,
      state: {},
      output: async () => async (chunk) => {
        await target.write(chunk);
      },
    },
    { ...options, workers },
  );
  for (const file of files) await file.close();
  if (!result.ok) throw new Error(`${result.slug}: ${result.detail}`);
}
