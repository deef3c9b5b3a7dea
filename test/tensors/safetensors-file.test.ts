import { mkdtemp, open, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { readSafetensorsFile } from '../../shared/tensors/safetensors-file.ts';

describe('a safetensors file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const fileOf = async (bytes: Uint8Array): Promise<string> => {
    const path = join(folder, 'model.safetensors');
    await writeFile(path, bytes);
    return path;
  };
  const data = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const bytes = writeSafetensors([
    { name: 'first', dtype: 'U8', shape: [3], data: data.subarray(0, 3) },
    { name: 'second', dtype: 'U8', shape: [5], data: data.subarray(3) },
  ]);

  it('is read by parts of tensors, and never past a tensor', async () => {
    const file = await readSafetensorsFile(await fileOf(bytes));
    if (!file.ok) throw new Error(file.detail);
    expect([...(await file.readTensor('second', 1, 3))]).toEqual([5, 6, 7]);
    expect((await file.readTensor('first', 3, 0)).length).toBe(0);
    for (const [name, from, length] of [
      ['first', 1, 3],
      ['first', -1, 1],
      ['second', 0, -1],
      ['third', 0, 1],
    ] as const) {
      await expect(file.readTensor(name, from, length)).rejects.toThrow(
        `The file has no bytes ${from} to ${from + length} of "${name}".`,
      );
    }
    await file.close();
  });

  it('that became shorter since it was opened ends before what is read', async () => {
    const path = await fileOf(bytes);
    const file = await readSafetensorsFile(path);
    if (!file.ok) throw new Error(file.detail);
    const handle = await open(path, 'r+');
    await handle.truncate(bytes.length - 1);
    await handle.close();
    await expect(file.readTensor('second', 0, 5)).rejects.toThrow(
      `The file ends before byte ${bytes.length}.`,
    );
    await file.close();
  });

  /** What this process has open in the folder. */
  const opened = async (): Promise<string[]> => {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return links.filter((link) => link.startsWith(folder));
  };

  it.runIf(process.platform === 'linux')('that is refused or cannot be read is not left open', async () => {
    const path = await fileOf(bytes);
    const file = await readSafetensorsFile(path);
    if (!file.ok) throw new Error(file.detail);
    expect(await opened()).toEqual([path]);
    await file.close();
    expect(await readSafetensorsFile(await fileOf(bytes.subarray(0, 7)))).toMatchObject({
      detail: 'The file is too short for a safetensors length word.',
    });
    expect(await readSafetensorsFile(await fileOf(bytes.subarray(0, -1)))).toMatchObject({ ok: false });
    // A folder can be opened and has a size, but not be read.
    await expect(readSafetensorsFile(folder)).rejects.toThrow('EISDIR');
    expect(await opened()).toEqual([]);
  });
});
