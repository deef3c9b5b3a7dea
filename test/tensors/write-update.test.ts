import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { canonicalHeader, writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { readSafetensorsFile, type SafetensorsFile } from '../../shared/tensors/safetensors-file.ts';
import { rewriteCanonical, writeDelta } from '../../shared/tensors/write-update.ts';
import { f32 } from '../sealing/envelope.ts';

let directory = '';
const opened: SafetensorsFile[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tensors-'));
});
afterAll(async () => {
  for (const file of opened) await file.close();
  await rm(directory, { recursive: true });
});

let files = 0;
async function stored(bytes: Uint8Array): Promise<SafetensorsFile> {
  const path = join(directory, `${files++}.safetensors`);
  await writeFile(path, bytes);
  const file = await readSafetensorsFile(path);
  if (!file.ok) throw new Error(file.detail);
  opened.push(file);
  return file;
}

async function collected(run: (write: (chunk: Uint8Array) => Promise<void>) => Promise<unknown>) {
  const chunks: Uint8Array[] = [];
  const result = await run((chunk) => {
    chunks.push(Buffer.from(chunk));
    return Promise.resolve();
  });
  return { result, bytes: Buffer.concat(chunks) };
}

const schema: TensorSchema = [
  { name: 'w', dtype: 'F32', shape: [2] },
  { name: 'n', dtype: 'I64', shape: [] },
];
const i64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
};
const model = (w: Buffer, n: bigint): Buffer =>
  writeSafetensors([
    { name: 'w', dtype: 'F32', shape: [2], data: w },
    { name: 'n', dtype: 'I64', shape: [], data: i64(n) },
  ]);

/** The same tensors as another writer might put them: other order, metadata, padding. */
function foreign(w: Buffer, n: bigint): Buffer {
  const json = `{"__metadata__":{"format":"pt"},"w":{"data_offsets":[8,16],"dtype":"F32","shape":[2]},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}   `;
  const head = Buffer.alloc(8 + json.length, json);
  head.writeBigUInt64LE(BigInt(json.length), 0);
  head.write(json, 8);
  return Buffer.concat([head, i64(n), w]);
}

describe('a safetensors file', () => {
  it('is read tensor by tensor, whatever its writer', async () => {
    const file = await stored(foreign(f32(1, 2), 7n));
    expect(file.schema.map(({ name }) => name)).toEqual(['n', 'w']);
    expect(file.metadata).toEqual({ format: 'pt' });
    expect(await file.readTensor('w', 4, 4)).toEqual(f32(2));
    expect(await file.readTensor('n', 0, 8)).toEqual(i64(7n));
    await expect(file.readTensor('w', 4, 8)).rejects.toThrow(RangeError);
    await expect(file.readTensor('x', 0, 0)).rejects.toThrow(RangeError);
    await expect(file.read(0, 10_000)).rejects.toThrow(RangeError);
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['cut short', foreign(f32(1, 2), 7n).subarray(0, -1)],
    ['cut within its header', foreign(f32(1, 2), 7n).subarray(0, 30)],
    ['noise', Buffer.alloc(100, 0xaa)],
  ])('that is %s is refused', async (name, bytes) => {
    const path = join(directory, name);
    await writeFile(path, bytes);
    expect(await readSafetensorsFile(path)).toMatchObject({ ok: false, slug: 'tensor-header' });
  });

  it('that is not there is an error', async () => {
    await expect(readSafetensorsFile(join(directory, 'absent'))).rejects.toThrow('ENOENT');
  });
});

describe('rewriting', () => {
  it('gives the same bytes whoever wrote the file', async () => {
    for (const source of [await stored(foreign(f32(1, 2), 7n)), await stored(model(f32(1, 2), 7n))]) {
      const { result, bytes } = await collected((write) => rewriteCanonical({ source, schema, write }));
      expect(result).toEqual({ ok: true });
      expect(bytes.equals(model(f32(1, 2), 7n))).toBe(true);
    }
  });

  it.each<[string, TensorSchema, string]>([
    ['lacks', [...schema, { name: 'more', dtype: 'F32', shape: [1] }], 'lacks tensor "more"'],
    ['has an extra', schema.slice(0, 1), '"n"'],
    [
      'has another dtype of',
      [{ name: 'w', dtype: 'F16', shape: [2] }, ...schema.slice(1)],
      'F32 instead of F16',
    ],
    [
      'has another shape of',
      [{ name: 'w', dtype: 'F32', shape: [2, 1] }, ...schema.slice(1)],
      '[2] instead of [2, 1]',
    ],
  ])('a file that %s tensor is refused before anything is written', async (_, wanted, detail) => {
    const source = await stored(model(f32(1, 2), 7n));
    const { result, bytes } = await collected((write) => rewriteCanonical({ source, schema: wanted, write }));
    expect(result).toMatchObject({
      ok: false,
      slug: 'tensor-schema',
      detail: expect.stringContaining(detail) as string,
    });
    expect(bytes).toHaveLength(0);
  });
});

describe('a delta', () => {
  it('is what was trained less the base, in canonical form, across orders of tensors', async () => {
    const base = await stored(model(f32(1, 2), 7n));
    const trained = await stored(foreign(f32(1.5, -2), 5n));
    const { result, bytes } = await collected((write) => writeDelta({ base, trained, schema, write }));
    expect(result).toEqual({ ok: true });
    expect(bytes.equals(Buffer.concat([canonicalHeader(schema), f32(0.5, -4), i64(-2n)]))).toBe(true);
  });

  it('is streamed in blocks', async () => {
    const count = 700_000;
    const big: TensorSchema = [{ name: 'w', dtype: 'F32', shape: [count] }];
    const filled = (value: number): Buffer =>
      writeSafetensors([
        {
          name: 'w',
          dtype: 'F32',
          shape: [count],
          data: Buffer.from(new Float32Array(count).fill(value).buffer),
        },
      ]);
    const [base, trained] = [await stored(filled(1)), await stored(filled(3))];
    let largest = 0;
    const { bytes } = await collected((write) =>
      writeDelta({
        base,
        trained,
        schema: big,
        write: (chunk) => {
          largest = Math.max(largest, chunk.length);
          return write(chunk);
        },
      }),
    );
    expect(bytes.equals(filled(2))).toBe(true);
    expect(largest).toBeLessThanOrEqual(2 ** 20);
  });

  it('is refused when either file has other tensors', async () => {
    const right = await stored(model(f32(1, 2), 7n));
    const wrong = await stored(writeSafetensors([{ name: 'w', dtype: 'F32', shape: [2], data: f32(1, 2) }]));
    const attempt = (base: SafetensorsFile, trained: SafetensorsFile) =>
      collected((write) => writeDelta({ base, trained, schema, write }));
    expect((await attempt(right, wrong)).result).toMatchObject({
      detail: expect.stringContaining('trained') as string,
    });
    expect((await attempt(wrong, right)).result).toMatchObject({
      detail: expect.stringContaining('base') as string,
    });
  });
});
