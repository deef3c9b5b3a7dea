/**
 * Folds the updates of a frozen set into the next global model, block by block: whatever the model's size and the
 * number of silos, memory holds a few blocks.
 *
 * 1. The model's bytes depend on the base, the set and the strategy alone: not on block size, timing or machine.
 * 2. Updates come in canonical order (by silo) and are read in that order within each block.
 * 3. Base, updates and result share one canonical header, so an offset means the same in all of them.
 */
import { type Refusal, refuse } from '../contracts/refusals.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import type { Strategy } from '../domain/strategies/strategy.ts';
import { applyStep } from './arithmetic.ts';
import { type Block, blocksOf } from './block-plan.ts';
import { decodeDeltas, decodeFloats } from './codec.ts';
import { isFloat } from './dtypes.ts';
import type { ReadRange } from './read-range.ts';
import { canonicalHeader, plaintextLength } from './schema.ts';

export type { ReadRange } from './read-range.ts';

/** 8 segments of a sealed update. */
const DEFAULT_BLOCK_BYTES = 8 * 262_112;

export interface WeightedUpdate {
  /** Whole, 1 to 2^29 - 1. */
  readonly weight: number;
  readonly readPlaintext: ReadRange;
}

export interface AggregateProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/**
 * Writes the new model in canonical form, in order. Float elements become base + step rounded once to their dtype;
 * integer elements take the step rounded to a whole number, ties to even.
 *
 * Refused with `not-finite` where a sum does not fit its dtype: what was written until then is not a model. Throws
 * when the base has another header than the schema's, when a reader or writer fails, and on abort.
 */
export async function aggregateUpdates(options: {
  schema: TensorSchema;
  base: ReadRange;
  updates: readonly WeightedUpdate[];
  strategy: Strategy;
  write: (chunk: Uint8Array) => Promise<void>;
  blockBytes?: number;
  signal?: AbortSignal;
  onProgress?: (progress: AggregateProgress) => void;
}): Promise<{ ok: true; bytes: number } | Refusal<'not-finite'>> {
  const { schema, base, updates, strategy, write, signal, onProgress } = options;
  if (updates.length === 0) throw new RangeError('There is nothing to aggregate.');
  const bytesTotal = plaintextLength(schema);
  const header = canonicalHeader(schema);
  if (!(await base(0, header.length)).equals(header)) {
    throw new Error('The base model does not have the canonical header of its schema.');
  }
  await write(header);

  let scratch = new Float64Array(0);
  for (const block of blocksOf(schema, options.blockBytes ?? DEFAULT_BLOCK_BYTES)) {
    const fold = strategy.block(block.start, block.length);
    if (scratch.length < block.length) scratch = new Float64Array(block.length);
    const delta = scratch.subarray(0, block.length);
    for (const { weight, readPlaintext } of updates) {
      signal?.throwIfAborted();
      decodeBlock(block, await readBlock(readPlaintext, block), delta);
      fold.add(delta, weight);
    }
    signal?.throwIfAborted();
    const next = applyBlock(block, await readBlock(base, block), fold.finish());
    if (!next)
      return refuse(
        'not-finite',
        `The new model overflows its dtype between coordinates ${block.start} and ${block.start + block.length}.`,
      );
    await write(next);
    onProgress?.({ bytesDone: block.offset + block.bytes, bytesTotal });
  }
  return { ok: true, bytes: bytesTotal };
}

async function readBlock(read: ReadRange, block: Block): Promise<Buffer> {
  const bytes = await read(block.offset, block.bytes);
  if (bytes.length !== block.bytes) {
    throw new RangeError(`Read ${bytes.length} bytes at ${block.offset} instead of ${block.bytes}.`);
  }
  return bytes;
}

function decodeBlock(block: Block, bytes: Buffer, delta: Float64Array): void {
  for (const run of block.runs) {
    const part = bytes.subarray(run.byteOffset, run.byteOffset + run.bytes);
    const decode = isFloat(run.dtype) ? decodeFloats : decodeDeltas;
    decode(run.dtype, part, delta, run.at);
  }
}

/** The new model's bytes of a block; undefined when an element came out as NaN or infinite. */
function applyBlock(block: Block, base: Buffer, step: Float64Array): Buffer | undefined {
  const next = Buffer.allocUnsafe(block.bytes);
  for (const run of block.runs) {
    const before = base.subarray(run.byteOffset, run.byteOffset + run.bytes);
    const after = applyStep(run.dtype, before, step.subarray(run.at, run.at + run.count));
    if (!after) return undefined;
    next.set(after, run.byteOffset);
  }
  return next;
}
