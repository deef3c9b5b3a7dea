import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readSafetensorsFile } from '../../shared/tensors/safetensors-file.ts';
import { canonicalHeader, plaintextLength, tensorPlaces } from '../../shared/tensors/schema.ts';

const GIBIBYTE = 2 ** 30;
const schema = Array.from({ length: 5 }, (_, i) => ({
  name: `layer.${i}`,
  dtype: 'F32' as const,
  shape: [GIBIBYTE / 4],
}));

test('a file of more than four gibibytes is read at its offsets, and its holes cost no disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-large-file-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'model.safetensors');
  const [last] = tensorPlaces(schema).slice(-1);
  if (last === undefined) throw new Error('the schema has no tensors');
  const mark = Buffer.from(Float32Array.of(0.5, -0.25).buffer);
  const handle = await open(path, 'w');
  await handle.write(canonicalHeader(schema));
  await handle.write(mark, 0, mark.length, last.offset + last.bytes - mark.length);
  await handle.close();

  const file = await readSafetensorsFile(path);
  if (!file.ok) throw new Error(file.detail);
  onTestFinished(() => file.close());
  expect(file.schema).toEqual(schema);
  expect(plaintextLength(file.schema)).toBe(5 * GIBIBYTE + canonicalHeader(schema).length);
  expect((await file.readTensor('layer.4', GIBIBYTE - 8, 8)).equals(mark)).toBe(true);
  expect(await file.readTensor('layer.3', GIBIBYTE - 8, 8)).toEqual(Buffer.alloc(8));
  await expect(file.readTensor('layer.4', GIBIBYTE - 4, 8)).rejects.toThrow(RangeError);
});

test('a file that ends one byte early is refused', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-large-file-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'model.safetensors');
  const handle = await open(path, 'w');
  await handle.write(canonicalHeader(schema));
  await handle.truncate(plaintextLength(schema) - 1);
  await handle.close();
  expect(await readSafetensorsFile(path)).toMatchObject({ ok: false, slug: 'tensor-header' });
});
