/** Random models, their updates sealed as silos seal them, and an aggregation over them from memory. */
import { randomBytes } from 'node:crypto';
import {
  type Aggregated,
  type AggregateOptions,
  type Aggregation,
  type AggregationRefusal,
  aggregate,
  type SealedUpdate,
} from '../../shared/aggregation/aggregate.ts';
import type { Output } from '../../shared/aggregation/output.ts';
import type { Dtype, TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import type { Statistics, Strategy, UpdateFigures } from '../../shared/domain/strategies/decision.ts';
import type { FoldPlan } from '../../shared/domain/strategies/fold-plan.ts';
import type { ReadInto } from '../../shared/ports/blobs.ts';
import { FLSE, startSealing } from '../../shared/sealing/floe.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { below, seeded } from '../sealing/seeded.ts';
import { isFloat, readFloat, widths, writeFloat, writeInteger } from './plain-elements.ts';

export const FLOATS: readonly Dtype[] = ['F32', 'F64', 'F16', 'BF16'];
const INTEGERS: readonly Dtype[] = ['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL'];

/** Floats of both signs over a range of magnitudes, or whole numbers small enough that float64 sums stay exact. */
export function randomFile(schema: TensorSchema, random: () => number, spread = 16): Buffer {
  return writeSafetensors(
    schema.map((tensor) => {
      const count = tensor.shape.reduce((product, extent) => product * extent, 1);
      const width = widths[tensor.dtype];
      const data = Buffer.alloc(count * width);
      for (let i = 0; i < count; i++) {
        if (isFloat(tensor.dtype)) {
          const value = (random() - 0.5) * 2 ** (below(random, spread) - spread / 2);
          writeFloat(tensor.dtype, data, i * width, value);
        } else if (tensor.dtype === 'BOOL') data[i] = below(random, 2);
        else writeInteger(tensor.dtype, data, i * width, BigInt(below(random, 2 ** 30) - 2 ** 29));
      }
      return { ...tensor, data };
    }),
  );
}

/** A few tensors of random dtypes and shapes, about `elements` elements in all; some are empty or scalars. */
export function randomSchema(
  random: () => number,
  options: { elements: number; dtypes?: readonly Dtype[]; control?: boolean },
): TensorSchema {
  const dtypes = options.dtypes ?? [...FLOATS, ...INTEGERS];
  const tensors = 1 + below(random, 6);
  return Array.from({ length: tensors }, (_, i) => {
    const dtype = dtypes[below(random, dtypes.length)] ?? 'F32';
    const size = below(random, Math.ceil((2 * options.elements) / tensors)) + Number(i === 0);
    const shape = below(random, 8) === 0 ? [] : size > 7 ? [Math.floor(size / 7), 7] : [size];
    const control = options.control === true && isFloat(dtype) && below(random, 3) === 0;
    return { name: `${control ? 'control/' : ''}t${i}`, dtype, shape };
  });
}

/** Reads of bytes in memory, which complete out of order and fail beyond the end. */
export function readerOf(bytes: Buffer): ReadInto {
  return async (offset, target) => {
    if (offset + target.length > bytes.length) throw new RangeError('read past the end');
    if (offset % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    target.set(bytes.subarray(offset, offset + target.length));
  };
}

export function seal(plaintext: Buffer, figures: UpdateFigures): SealedUpdate & { ciphertext: Buffer } {
  const [key, context] = [randomBytes(32), randomBytes(64)];
  const sealer = startSealing({ key, associatedData: context, parameters: FLSE });
  const parts = [sealer.header];
  for (let at = 0; at < plaintext.length; at += FLSE.segmentPlaintext) {
    const end = at + FLSE.segmentPlaintext;
    parts.push(sealer.seal(plaintext.subarray(at, end), end >= plaintext.length));
  }
  sealer.wipe();
  const ciphertext = Buffer.concat(parts);
  const opening = { key, context, header: sealer.header };
  return { figures, opening, ciphertext, readCiphertext: readerOf(ciphertext) };
}

export function figuresOf(
  schema: TensorSchema,
  plaintext: Buffer,
  silo: string,
  weight: number,
): UpdateFigures {
  let squares = 0;
  let at = 8 + Number(plaintext.readBigUInt64LE(0));
  for (const { dtype, shape } of schema) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    for (let i = 0; i < count; i++, at += widths[dtype]) {
      if (isFloat(dtype)) squares += readFloat(dtype, plaintext, at) ** 2;
    }
  }
  return { silo, weight, norm: Math.sqrt(squares), metrics: {}, staleness: 0 };
}

export interface Federation {
  readonly schema: TensorSchema;
  readonly base: Buffer;
  readonly plaintexts: readonly Buffer[];
  readonly updates: readonly (SealedUpdate & { ciphertext: Buffer })[];
}

export function federationOf(schema: TensorSchema, silos: number, seed: number, spread?: number): Federation {
  const random = seeded(seed);
  const base = randomFile(schema, random, spread);
  const plaintexts = Array.from({ length: silos }, () => randomFile(schema, random, spread));
  const updates = plaintexts.map((plaintext, i) => {
    const silo = `silo-${String(i).padStart(4, '0')}`;
    return seal(plaintext, figuresOf(schema, plaintext, silo, 1 + below(random, 1_000)));
  });
  return { schema, base, plaintexts, updates };
}

/** A strategy that decides what a test says. */
export function planned(
  plan: FoldPlan,
  more: Partial<Strategy> & { onStatistics?: (statistics: Statistics) => void } = {},
): Strategy {
  const { onStatistics, ...rest } = more;
  return {
    kind: 'planned',
    statistics: 'none',
    check: () => undefined,
    scales: (updates) => updates.map(() => 1),
    decide: (updates, _scales, statistics, scalars) => {
      onStatistics?.(statistics);
      return { plan, verdicts: updates.map(() => ({ included: true, share: 1 / updates.length })), scalars };
    },
    ...rest,
  };
}

export interface Made {
  readonly result: Aggregated | AggregationRefusal;
  readonly files: Partial<Record<Output, Buffer>>;
}

export async function aggregateSet(
  federation: Federation,
  strategy: Strategy,
  options: AggregateOptions = {},
  more: Partial<Aggregation> = {},
): Promise<Made> {
  const chunks = new Map<Output, Buffer[]>();
  const result = await aggregate(
    {
      schema: federation.schema,
      updates: federation.updates,
      strategy,
      scalars: {},
      base: readerOf(federation.base),
      state: {},
      output: async (name) => {
        const list: Buffer[] = [];
        chunks.set(name, list);
        return async (chunk) => {
          await new Promise((resolve) => setImmediate(resolve));
          list.push(Buffer.from(chunk));
        };
      },
      ...more,
    },
    options,
  );
  return {
    result,
    files: Object.fromEntries([...chunks].map(([name, list]) => [name, Buffer.concat(list)])),
  };
}
