import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { writeCanonicalUpdate } from '../../agent/canonical-update.ts';
import { clip } from '../../agent/clip.ts';
import { sentUpdate } from '../../agent/sent-update.ts';
import type { Dtype } from '../../shared/contracts/tensor-schema.ts';
import { checkTensors } from '../../shared/tensors/check-tensors.ts';
import { encodeFloats } from '../../shared/tensors/codec.ts';
import { canonicalHeader, writeSafetensors } from '../../shared/tensors/safetensors.ts';

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tributary-update-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
const f32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const model = writeSafetensors([
  { name: 'a', dtype: 'F32', shape: [2], data: f32(1, 2) },
  { name: 'b', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
]);

async function convert(trained: Buffer, changes: object = {}) {
  const root = await directory();
  const paths = { trained: join(root, 'trained'), base: join(root, 'base'), target: join(root, 'target') };
  await writeFile(paths.trained, trained);
  await writeFile(paths.base, model);
  const result = await writeCanonicalUpdate({ ...paths, params: 'FULL', maxBytes: 10_000, ...changes });
  return { result, target: paths.target };
}

test('a file with its tensors in another order becomes the difference in the order of the model', async () => {
  const { result, target } = await convert(
    writeSafetensors([
      { name: 'b', dtype: 'U8', shape: [3], data: Uint8Array.of(0, 2, 5) },
      { name: 'a', dtype: 'F32', shape: [2], data: f32(4, 6) },
    ]),
  );
  expect(result).toMatchObject({ ok: true, norm: 5 });
  const bytes = await readFile(target);
  const header = canonicalHeader([
    { name: 'a', dtype: 'F32', shape: [2] },
    { name: 'b', dtype: 'U8', shape: [3] },
  ]);
  expect(bytes.equals(Buffer.concat([header, f32(3, 4), Uint8Array.of(255, 0, 2)]))).toBe(true);
});

for (const [what, tensors, detail] of [
  ['lacks a tensor', [{ name: 'a', dtype: 'F32', shape: [2], data: f32(1, 2) }], 'lacks tensor "b"'],
  [
    'has one too many',
    [
      { name: 'a', dtype: 'F32', shape: [2], data: f32(1, 2) },
      { name: 'b', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
      { name: 'c', dtype: 'U8', shape: [0], data: new Uint8Array(0) },
    ],
    '"c"',
  ],
  [
    'has another dtype',
    [
      { name: 'a', dtype: 'F64', shape: [2], data: new Uint8Array(16) },
      { name: 'b', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    ],
    'as F64 instead of F32',
  ],
  [
    'overflows',
    [
      { name: 'a', dtype: 'F32', shape: [2], data: f32(Number.POSITIVE_INFINITY, 0) },
      { name: 'b', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    ],
    'Tensor "a"',
  ],
] as const) {
  test(`a file that ${what} is refused`, async () => {
    const { result } = await convert(writeSafetensors([...tensors]));
    expect(result).toMatchObject({ ok: false, slug: 'trainer-output' });
    expect('detail' in result && result.detail).toContain(detail);
  });
}

test('an update that is too large or missing is refused', async () => {
  const { result } = await convert(model, { maxBytes: 50 });
  expect(result).toMatchObject({ ok: false, detail: expect.stringContaining('allows 50') as unknown });
  const { result: missing } = await convert(model, { trained: '/nowhere/update.safetensors' });
  expect(missing).toMatchObject({ ok: false, detail: expect.stringContaining('wrote no') as unknown });
});

test('clipping never leaves an update above the cap, at any precision', async () => {
  const root = await directory();
  const file = join(root, 'update');
  const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 });
  const dtype = fc.constantFrom<Dtype>('F64', 'F32', 'F16', 'BF16');
  await fc.assert(
    fc.asyncProperty(
      values,
      dtype,
      fc.double({ min: 0.01, max: 10, noNaN: true }),
      async (list, type, cap) => {
        const schema = [
          { name: 'odd', dtype: 'U8' as const, shape: [3] },
          { name: 'x', dtype: type, shape: [list.length] },
        ];
        const data = encodeFloats(type, Float64Array.from(list));
        const odd = Uint8Array.of(7, 8, 9);
        await writeFile(file, Buffer.concat([canonicalHeader(schema), odd, data]));
        const norm = (() => {
          const check = checkTensors(schema);
          check.add(Buffer.concat([odd, data]));
          return check.report().norm;
        })();
        const kept = { file, schema, encoding: undefined };
        const clipped = await clip(kept, norm, cap);
        const factor = clipped.ok ? clipped.factor : Number.NaN;
        const check = checkTensors(schema);
        const chunks: Buffer[] = [];
        for await (const chunk of sentUpdate(kept, factor)) chunks.push(Buffer.from(chunk));
        const bytes = Buffer.concat(chunks.slice(1));
        check.add(bytes);
        expect(check.report().norm).toBeLessThanOrEqual(Math.max(cap, factor === 1 ? norm : 0));
        expect([...bytes.subarray(0, 3)]).toEqual([7, 8, 9]);
        if (norm <= cap) expect(factor).toBe(1);
      },
    ),
    { numRuns: 60 },
  );
});
