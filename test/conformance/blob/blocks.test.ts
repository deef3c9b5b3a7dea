import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { BlockBlobClient } from '@azure/storage-blob';
import { afterAll, beforeAll, expect } from 'vitest';
import { refusal } from '../refusal.ts';
import { blobSuite } from './blob-backend.ts';

const MIB = 1024 * 1024;
const suite = blobSuite();
const { conform } = suite;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tributary-conformance-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function freshBlob(): Promise<BlockBlobClient> {
  return (await suite.freshContainer()).getBlockBlobClient('blob');
}

function blockId(number: number): string {
  return Buffer.from(String(number).padStart(6, '0')).toString('base64');
}

async function stage(blob: BlockBlobClient, number: number, content: string) {
  return blob.stageBlock(blockId(number), content, content.length);
}

conform(
  ['Put Block', 'Put Block List', 'Get Blob'],
  'takes 64 MiB from a file in parallel blocks and gives them back in parallel ranges',
  async () => {
    const blob = await freshBlob();
    const file = join(directory, 'model.safetensors');
    const bytes = randomBytes(64 * MIB);
    await writeFile(file, bytes);
    const put = await blob.uploadFile(file, { blockSize: 8 * MIB, concurrency: 4, maxSingleShotSize: MIB });
    const back = Buffer.alloc(bytes.length);
    await blob.downloadToBuffer(back, 0, undefined, {
      blockSize: 5 * MIB,
      concurrency: 4,
      conditions: { ifMatch: put.etag ?? '' },
    });
    expect(sha256(back)).toBe(sha256(bytes));
  },
);

conform(['Put Block', 'Put Block List', 'Get Block List'], 'takes a stream of unknown length', async () => {
  const blob = await freshBlob();
  const bytes = randomBytes(9 * MIB + 17);
  await blob.uploadStream(Readable.from(slices(bytes, 100_000)), 2 * MIB, 3);
  expect(sha256(await blob.downloadToBuffer())).toBe(sha256(bytes));
  const { committedBlocks } = await blob.getBlockList('committed');
  expect(committedBlocks?.map(({ size }) => size)).toEqual([...Array<number>(4).fill(2 * MIB), MIB + 17]);
});

conform(
  ['Put Block', 'Put Block List', 'Get Block List'],
  'commits blocks in the order of the list, reuses committed ones and drops the rest',
  async () => {
    const blob = await freshBlob();
    for (const [number, content] of [
      [3, 'ccc'],
      [1, 'a'],
      [2, 'bb'],
      [4, 'lost'],
    ] as const) {
      await stage(blob, number, content);
    }
    await stage(blob, 2, 'BB');
    const before = await blob.getBlockList('all');
    expect(before.committedBlocks ?? []).toEqual([]);
    expect(before.uncommittedBlocks).toHaveLength(4);
    expect(await blob.exists()).toBe(false);
    await blob.commitBlockList([1, 2, 3].map(blockId));
    expect((await blob.downloadToBuffer()).toString()).toBe('aBBccc');
    expect((await blob.getBlockList('uncommitted')).uncommittedBlocks ?? []).toEqual([]);
    await stage(blob, 9, '!');
    await blob.commitBlockList([3, 3, 9].map(blockId));
    expect((await blob.downloadToBuffer()).toString()).toBe('cccccc!');
  },
);

conform(['Put Block', 'Put Block List'], 'says what is wrong with a block or a list', async () => {
  const blob = await freshBlob();
  await stage(blob, 1, 'a');
  expect(await refusal(blob.commitBlockList([blockId(1), blockId(2)]))).toBe('400 InvalidBlockList');
  const longer = Buffer.from('a longer id').toString('base64');
  expect(await refusal(blob.stageBlock(longer, 'b', 1))).toBe('400 InvalidBlobOrBlock');
  const md5 = createHash('md5').update('other').digest();
  const mismatch = blob.stageBlock(blockId(5), 'b', 1, { transactionalContentMD5: md5 });
  expect(await refusal(mismatch)).toMatch(/^400/);
  // None of it has hurt what was staged.
  await blob.commitBlockList([blockId(1)]);
  expect((await blob.downloadToBuffer()).toString()).toBe('a');
});

conform(
  ['Put Block', 'Put Block List'],
  'commits under conditions, and one of many committers wins',
  async () => {
    const blob = await freshBlob();
    await stage(blob, 1, 'a');
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () =>
        refusal(blob.commitBlockList([blockId(1)], { conditions: { ifNoneMatch: '*' } })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === '409 BlobAlreadyExists')).toHaveLength(7);
  },
);

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function* slices(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}
