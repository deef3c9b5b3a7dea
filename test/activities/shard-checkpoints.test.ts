import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { shardsOf } from '../../activities/shard-checkpoints.ts';
import type { ShardStore } from '../../shared/ports/blobs.ts';

const key = { experiment: 'exp-01j00000000000000000000000', round: 1, attempt: 1 };
const set = 'a'.repeat(64);

/** A container in memory; written once, as the real one. */
function container() {
  const blobs = new Map<string, Buffer>();
  const shards: ShardStore = {
    begin(path) {
      const parts: Buffer[] = [];
      return {
        write: async (chunk) => void parts.push(Buffer.from(chunk)),
        async commit() {
          const bytes = blobs.get(path) ?? Buffer.concat(parts);
          blobs.set(path, bytes);
          return { path, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
        },
      };
    },
    filler: (path) => async (offset, target) => {
      target.set((blobs.get(path) ?? Buffer.alloc(0)).subarray(offset, offset + target.length));
    },
    put: async (path, bytes) => void (blobs.has(path) || blobs.set(path, Buffer.from(bytes))),
    find: async (path) => blobs.get(path),
    remove: async (path) => void blobs.delete(path),
  };
  return { blobs, services: { shards, aggregation: { workers: 0, shardBytes: 1_024 } } };
}

async function keep(checkpoints: ReturnType<typeof shardsOf>, from: number, text: string): Promise<void> {
  const shard = await checkpoints.begin('fold', { from, to: from + 1 });
  await shard.write('model', Buffer.from(text));
  await shard.commit(Float64Array.of(from, 0.5));
}

async function readBack(checkpoints: ReturnType<typeof shardsOf>, from: number): Promise<string> {
  const parts: Buffer[] = [];
  const found = await checkpoints.find('fold', from);
  await found?.read('model', async (chunk) => void parts.push(Buffer.from(chunk)));
  return Buffer.concat(parts).toString();
}

describe('shards of a frozen set', () => {
  it('are found again with their figures and bytes', async () => {
    const checkpoints = shardsOf(key, set, container().services);
    await keep(checkpoints, 0, 'first');
    expect(await checkpoints.find('fold', 0)).toMatchObject({ to: 1, sums: Float64Array.of(0, 0.5) });
    expect(await readBack(checkpoints, 0)).toBe('first');
    expect(await checkpoints.find('fold', 1)).toBeUndefined();
    expect(await checkpoints.find('measure', 0)).toBeUndefined();
  });

  it('are not found before they are committed, nor by another set', async () => {
    const { services } = container();
    const checkpoints = shardsOf(key, set, services);
    const begun = await checkpoints.begin('fold', { from: 0, to: 1 });
    await begun.write('model', Buffer.from('half'));
    expect(await checkpoints.find('fold', 0)).toBeUndefined();
    await keep(checkpoints, 0, 'first');
    expect(await shardsOf(key, 'b'.repeat(64), services).find('fold', 0)).toBeUndefined();
  });

  it('that were changed or cut short are a fault, not a model', async () => {
    for (const changed of ['firsT', 'fir']) {
      const { blobs, services } = container();
      const checkpoints = shardsOf(key, set, services);
      await keep(checkpoints, 0, 'first');
      const path = [...blobs.keys()].find((name) => name.endsWith('fold-0.model')) ?? '';
      blobs.set(path, Buffer.from(changed));
      await expect(readBack(checkpoints, 0)).rejects.toThrow('is not what was written');
    }
  });

  it('are removed, all of them, also where that was interrupted before', async () => {
    const { blobs, services } = container();
    const checkpoints = shardsOf(key, set, services);
    for (const from of [0, 1, 2]) await keep(checkpoints, from, `shard ${from}`);
    blobs.delete([...blobs.keys()].find((name) => name.endsWith('fold-2.model')) ?? '');
    await checkpoints.remove();
    expect([...blobs.keys()]).toEqual([]);
    await checkpoints.remove();
  });
});
