import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dtype, TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { fedavg } from '../../shared/domain/strategies/fedavg.ts';
import type { Strategy } from '../../shared/domain/strategies/strategy.ts';
import { aggregateUpdates, type ReadRange } from '../../shared/tensors/aggregate.ts';
import { blocksOf } from '../../shared/tensors/block-plan.ts';
import { encodeFloats } from '../../shared/tensors/codec.ts';
import { elementBytes, isFloat } from '../../shared/tensors/dtypes.ts';
import { canonicalHeader, plaintextLength, writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { tensorBytes } from '../../shared/tensors/schema.ts';
import { f32 } from '../sealing/envelope.ts';
import { below, randomBuffer, seeded } from '../sealing/seeded.ts';

function ranges(bytes: Buffer): ReadRange {
  return (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length));
}

type Options = Partial<Parameters<typeof aggregateUpdates>[0]>;

async function aggregate(
  schema: TensorSchema,
  base: Buffer,
  updates: [Buffer, number][],
  more: Options = {},
) {
  const chunks: Buffer[] = [];
  const result = await aggregateUpdates({
    schema,
    base: ranges(base),
    updates: updates.map(([bytes, weight]) => ({ weight, readPlaintext: ranges(bytes) })),
    strategy: fedavg(),
    write: (chunk) => {
      chunks.push(Buffer.from(chunk));
      return Promise.resolve();
    },
    ...more,
  });
  return { result, bytes: Buffer.concat(chunks) };
}

/** Random tensors, finite where they are floats. */
function randomModel(schema: TensorSchema, seed: number): Buffer {
  const random = seeded(seed);
  return writeSafetensors(
    schema.map((tensor) => {
      const count = tensorBytes(tensor) / elementBytes(tensor.dtype);
      if (tensor.dtype === 'BOOL')
        return { ...tensor, data: Buffer.from(Array.from({ length: count }, () => below(random, 2))) };
      const data = isFloat(tensor.dtype)
        ? encodeFloats(
            tensor.dtype,
            Float64Array.from({ length: count }, () => (random() - 0.5) * 2 ** (below(random, 20) - 10)),
          )
        : randomBuffer(random, tensorBytes(tensor));
      return { ...tensor, data };
    }),
  );
}

const dtypes: Dtype[] = [
  'F64',
  'F32',
  'F16',
  'BF16',
  'I64',
  'I32',
  'I16',
  'I8',
  'U64',
  'U32',
  'U16',
  'U8',
  'BOOL',
];
const anySchema = fc
  .array(
    fc.record({
      dtype: fc.constantFrom(...dtypes),
      shape: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
    }),
    { maxLength: 8 },
  )
  .map((tensors): TensorSchema => tensors.map((tensor, i) => ({ name: `t${i}`, ...tensor })));

describe('the new model', () => {
  it('is the base plus the weighted mean of the deltas', async () => {
    const schema: TensorSchema = [{ name: 'w', dtype: 'F32', shape: [3] }];
    const of = (...values: number[]): Buffer =>
      writeSafetensors([{ name: 'w', dtype: 'F32', shape: [3], data: f32(...values) }]);
    const { result, bytes } = await aggregate(schema, of(10, 20, 30), [
      [of(1, 0, -3), 1],
      [of(4, 0, 3), 2],
    ]);
    expect(result).toEqual({ ok: true, bytes: bytes.length });
    expect(bytes.equals(of(13, 20, 31))).toBe(true);
  });

  it('has the same bytes whatever the size of the blocks, for every dtype and alignment', async () => {
    await fc.assert(
      fc.asyncProperty(
        anySchema,
        fc.integer(),
        fc.integer({ min: 1, max: 300 }),
        async (schema, seed, blockBytes) => {
          const base = randomModel(schema, seed);
          const updates = [1, 2, 3].map((i): [Buffer, number] => [randomModel(schema, seed + i), 17 * i]);
          const whole = await aggregate(schema, base, updates);
          const cut = await aggregate(schema, base, updates, { blockBytes });
          expect(whole.result).toEqual({ ok: true, bytes: plaintextLength(schema) });
          expect(cut.bytes.equals(whole.bytes)).toBe(true);
          expect(
            whole.bytes.subarray(0, canonicalHeader(schema).length).equals(canonicalHeader(schema)),
          ).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('equals a plain float64 computation, element by element', async () => {
    const count = 5_000;
    const schema: TensorSchema = [{ name: 'w', dtype: 'F32', shape: [count] }];
    const base = randomModel(schema, 1);
    const updates = [2, 3, 4, 5, 6].map((seed): [Buffer, number] => [
      randomModel(schema, seed),
      17 + seed * 201,
    ]);
    const head = canonicalHeader(schema).length;
    const expected = new Float32Array(count);
    const total = updates.reduce((sum, [, weight]) => sum + weight, 0);
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (const [bytes, weight] of updates) sum += weight * bytes.readFloatLE(head + 4 * i);
      expected[i] = base.readFloatLE(head + 4 * i) + sum / total;
    }
    const { bytes } = await aggregate(schema, base, updates, { blockBytes: 1_000 });
    expect(bytes.subarray(head).equals(Buffer.from(expected.buffer))).toBe(true);
  });

  it('of one silo is what that silo trained, for integers of any size up to float64', async () => {
    const schema: TensorSchema = [
      { name: 'n', dtype: 'I64', shape: [] },
      { name: 'u', dtype: 'U8', shape: [2] },
      { name: 'b', dtype: 'BOOL', shape: [2] },
    ];
    const of = (n: bigint, ...rest: number[]): Buffer => {
      const data = Buffer.alloc(8);
      data.writeBigInt64LE(n);
      return Buffer.concat([canonicalHeader(schema), data, Buffer.from(rest)]);
    };
    // 250 -> 3 is a step of 9 modulo 256, and true -> false one of -1.
    const { bytes } = await aggregate(schema, of(2n ** 60n, 250, 5, 1, 0), [[of(-3n, 9, 251, 255, 1), 7]]);
    expect(bytes.equals(of(2n ** 60n - 3n, 3, 0, 0, 1))).toBe(true);
  });

  it('rounds the mean of integers to even where it is half way', async () => {
    const schema: TensorSchema = [{ name: 'n', dtype: 'I32', shape: [4] }];
    const of = (...values: number[]): Buffer =>
      writeSafetensors([
        { name: 'n', dtype: 'I32', shape: [4], data: Buffer.from(Int32Array.from(values).buffer) },
      ]);
    const { bytes } = await aggregate(schema, of(0, 0, 0, 100), [
      [of(0, 1, -1, 1), 1],
      [of(1, 2, -2, 1), 1],
    ]);
    expect(bytes.equals(of(0, 2, -2, 101))).toBe(true);
  });

  it('with no tensors, or only empty ones, is its header', async () => {
    for (const schema of [[], [{ name: 'e', dtype: 'F32', shape: [0] }]] as TensorSchema[]) {
      const model = canonicalHeader(schema);
      const { result, bytes } = await aggregate(schema, model, [[model, 1]]);
      expect(result).toEqual({ ok: true, bytes: model.length });
      expect(bytes.equals(model)).toBe(true);
    }
  });
});

describe('aggregation', () => {
  const schema: TensorSchema = [{ name: 'w', dtype: 'F32', shape: [100_000] }];
  const base = randomModel(schema, 1);
  const update = randomModel(schema, 2);

  it('refuses a model that overflows its dtype', async () => {
    const small: TensorSchema = [{ name: 'h', dtype: 'F16', shape: [2] }];
    const of = (...values: number[]): Buffer =>
      writeSafetensors([
        { name: 'h', dtype: 'F16', shape: [2], data: encodeFloats('F16', Float64Array.from(values)) },
      ]);
    const { result } = await aggregate(small, of(0, 60_000), [[of(0, 60_000), 1]]);
    expect(result).toMatchObject({ ok: false, slug: 'not-finite' });
  });

  it('refuses a base that is not in canonical form', async () => {
    const other = randomModel([{ name: 'v', dtype: 'F32', shape: [100_000] }], 1);
    await expect(aggregate(schema, other, [[update, 1]])).rejects.toThrow('canonical header');
  });

  it('fails, and writes no block, when an update cannot be read or is short', async () => {
    const lost = new Error('gone');
    const failing = { weight: 1, readPlaintext: (): Promise<Buffer> => Promise.reject(lost) };
    const short = { weight: 1, readPlaintext: () => Promise.resolve(Buffer.alloc(3)) };
    await expect(aggregate(schema, base, [], { updates: [failing] })).rejects.toBe(lost);
    await expect(aggregate(schema, base, [], { updates: [short] })).rejects.toThrow(RangeError);
    await expect(aggregate(schema, base, [])).rejects.toThrow('nothing to aggregate');
  });

  it('reads every update in order, block by block, with one read under way at a time', async () => {
    const reads: string[] = [];
    let underWay = 0;
    const reader =
      (name: string, bytes: Buffer): ReadRange =>
      async (offset, length) => {
        expect(++underWay).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        reads.push(`${name}@${offset}+${length}`);
        return bytes.subarray(offset, offset + length);
      };
    const updates = ['a', 'b', 'c'].map((name) => ({ weight: 1, readPlaintext: reader(name, update) }));
    await aggregate(schema, base, [], { base: reader('base', base), updates, blockBytes: 131_072 });
    const head = canonicalHeader(schema).length;
    expect(reads.slice(0, 5)).toEqual([
      `base@0+${head}`,
      ...['a', 'b', 'c', 'base'].map((name) => `${name}@${head}+${131_072 - head}`),
    ]);
    expect(reads.slice(5, 9)).toEqual(['a', 'b', 'c', 'base'].map((name) => `${name}@131072+131072`));
    expect(Math.max(...reads.map((read) => Number(read.split('+')[1])))).toBe(131_072);
  });

  it('tells how far it is and ends on abort', async () => {
    const seen: number[] = [];
    const onProgress = ({ bytesDone, bytesTotal }: { bytesDone: number; bytesTotal: number }): void => {
      expect(bytesTotal).toBe(base.length);
      seen.push(bytesDone);
    };
    await aggregate(schema, base, [[update, 1]], { blockBytes: 100_000, onProgress });
    expect(seen).toEqual([100_000, 200_000, 300_000, 400_000, base.length].filter((n) => n <= base.length));

    const controller = new AbortController();
    const stop = (): void => controller.abort(new Error('stopped'));
    const running = aggregate(schema, base, [[update, 1]], {
      signal: controller.signal,
      onProgress: stop,
      blockBytes: 100_000,
    });
    await expect(running).rejects.toThrow('stopped');
  });

  it('takes any strategy that folds coordinates, such as a median, without knowing it', async () => {
    const median: Strategy = {
      kind: 'median',
      block(_start, length) {
        const rows: number[][] = Array.from({ length }, () => []);
        return {
          add: (delta) => delta.forEach((value, i) => rows[i]?.push(value)),
          finish: () =>
            Float64Array.from(rows, (row) => row.sort((a, b) => a - b)[Math.floor(row.length / 2)] ?? 0),
        };
      },
    };
    const three: TensorSchema = [{ name: 'w', dtype: 'F32', shape: [1] }];
    const of = (value: number): Buffer =>
      writeSafetensors([{ name: 'w', dtype: 'F32', shape: [1], data: f32(value) }]);
    const updates = [of(1), of(1_000), of(2)].map((bytes): [Buffer, number] => [bytes, 1]);
    const { bytes } = await aggregate(three, of(10), updates, { strategy: median });
    expect(bytes.equals(of(12))).toBe(true);
  });

  it('keeps to its memory however many silos there are', async () => {
    const large: TensorSchema = [{ name: 'w', dtype: 'F32', shape: [2_000_000] }];
    const bytesTotal = plaintextLength(large);
    const header = canonicalHeader(large);
    const head = header.length;
    const zeros: ReadRange = (offset, length) =>
      Promise.resolve(offset === 0 && length === head ? header : Buffer.alloc(length));
    const updates = Array.from({ length: 30 }, () => ({ weight: 1, readPlaintext: zeros }));
    let largest = 0;
    let live = 0;
    const counted: Strategy = {
      kind: 'counted',
      block(start, length) {
        live += 1;
        largest = Math.max(largest, length);
        const fold = fedavg().block(start, length);
        return {
          add: (delta, weight) => fold.add(delta, weight),
          finish() {
            live -= 1;
            return fold.finish();
          },
        };
      },
    };
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const result = await aggregateUpdates({
      schema: large,
      base: zeros,
      updates,
      strategy: counted,
      blockBytes: 2 ** 18,
      write: () => {
        expect(live).toBe(0);
        peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
        return Promise.resolve();
      },
    });
    expect(result).toEqual({ ok: true, bytes: bytesTotal });
    expect(largest).toBeLessThanOrEqual(2 ** 16);
    // 30 updates of 8 MB pass through; what the collector has not yet taken stays far below them.
    expect(peak).toBeLessThan(120 * 2 ** 20);
  });
});

describe('blocks', () => {
  it('cover every element once, end at multiples of their size, and share small tensors', () => {
    fc.assert(
      fc.property(anySchema, fc.integer({ min: 1, max: 200 }), (schema, blockBytes) => {
        let offset = canonicalHeader(schema).length;
        let coordinate = 0;
        for (const block of blocksOf(schema, blockBytes)) {
          expect(block.offset).toBe(offset);
          expect(block.start).toBe(coordinate);
          expect(block.runs.reduce((sum, run) => sum + run.bytes, 0)).toBe(block.bytes);
          expect(block.runs.reduce((sum, run) => sum + run.count, 0)).toBe(block.length);
          expect(block.bytes).toBeLessThan(blockBytes + 16);
          offset += block.bytes;
          coordinate += block.length;
        }
        expect(offset).toBe(plaintextLength(schema));
      }),
    );
    const tiny: TensorSchema = Array.from({ length: 500 }, (_, i) => ({
      name: `t${i}`,
      dtype: 'F32',
      shape: [2],
    }));
    expect([...blocksOf(tiny, 2 ** 20)]).toHaveLength(1);
  });
});
