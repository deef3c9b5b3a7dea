import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlockBlobClient } from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { MAX_INLINE_BYTES } from '../../../local/blob/inline-extent.ts';
import { ACCOUNT, PATIENT, refusal, startTestBlob, type TestBlob } from './fixture.ts';

const DAY_MS = 24 * 3600_000;

async function startWithBlob(): Promise<{ cloud: TestBlob; blob: BlockBlobClient }> {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'box');
  return { cloud, blob: cloud.container('box').getBlockBlobClient('blob') };
}

function blockId(number: number): string {
  return Buffer.from(String(number).padStart(6, '0')).toString('base64');
}

async function stage(blob: BlockBlobClient, number: number, content: string) {
  return blob.stageBlock(blockId(number), content, content.length);
}

function extentFiles(cloud: TestBlob): Promise<string[]> {
  return readdir(join(cloud.dataDir, 'blob', 'extents'));
}

describe('staged blocks and their files', () => {
  it('keeps staged blocks over a restart and drops them after a week', async () => {
    const { cloud, blob } = await startWithBlob();
    await stage(blob, 1, 'kept');
    await cloud.restart();
    await blob.commitBlockList([blockId(1)]);
    expect((await blob.downloadToBuffer()).toString()).toBe('kept');
    await stage(blob, 2, 'forgotten');
    cloud.clock.ahead += 6 * DAY_MS;
    expect(await cloud.service.expireStagedBlocks()).toBe(0);
    cloud.clock.ahead += DAY_MS + 1000;
    await cloud.restart();
    expect((await blob.getBlockList('uncommitted')).uncommittedBlocks ?? []).toEqual([]);
    expect(await refusal(blob.commitBlockList([blockId(2)]))).toBe('400 InvalidBlockList');
    expect((await blob.downloadToBuffer()).toString()).toBe('kept');
    await expect.poll(() => extentFiles(cloud), PATIENT).toHaveLength(1);
  });

  it('removes content that no record names at the next start, and nothing else', async () => {
    const { cloud, blob } = await startWithBlob();
    const content = 'mine'.repeat(2000);
    await blob.upload(content, content.length);
    const [mine] = await extentFiles(cloud);
    const directory = join(cloud.dataDir, 'blob', 'extents');
    await writeFile(join(directory, 'b1946ac9-0000-4000-8000-000000000000'), 'orphan');
    await writeFile(join(directory, 'b1946ac9-0000-4000-8000-000000000001.tmp'), 'half');
    await cloud.restart();
    expect(await extentFiles(cloud)).toEqual([mine]);
    expect((await blob.downloadToBuffer()).toString()).toBe(content);
  });

  it('have no file for small blobs, which survive a restart and a rewriting of the log all the same', async () => {
    const { cloud, blob } = await startWithBlob();
    const edge = (bytes: number) => cloud.container('box').getBlockBlobClient(`edge-${bytes}`);
    for (const bytes of [0, 1, MAX_INLINE_BYTES, MAX_INLINE_BYTES + 1]) {
      await edge(bytes).upload(Buffer.alloc(bytes, 7), bytes);
    }
    expect(await extentFiles(cloud)).toHaveLength(1);
    await blob.upload('small', 5);
    await cloud.restart();
    for (const bytes of [0, 1, MAX_INLINE_BYTES, MAX_INLINE_BYTES + 1]) {
      expect((await edge(bytes).downloadToBuffer()).equals(Buffer.alloc(bytes, 7)), `${bytes}`).toBe(true);
    }
    expect((await edge(MAX_INLINE_BYTES).downloadToBuffer(4000, 96)).equals(Buffer.alloc(96, 7))).toBe(true);
    await edge(MAX_INLINE_BYTES + 1).delete();
    await edge(MAX_INLINE_BYTES).delete();
    await expect.poll(() => extentFiles(cloud), PATIENT).toEqual([]);
    expect((await blob.downloadToBuffer()).toString()).toBe('small');
  });
});
