import { createHash, randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { BlockBlobClient } from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../core/temporary-directory.ts';
import { ACCOUNT, OWNER, PATIENT, rawRequest, refusal, startTestBlob, type TestBlob } from './fixture.ts';

const MIB = 1024 * 1024;
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

describe('uploading in blocks', () => {
  it('takes 64 MiB from a file in parallel blocks and gives them back in parallel ranges', async () => {
    const { blob } = await startWithBlob();
    const file = join(await temporaryDirectory(), 'model.safetensors');
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
  });

  it('takes a stream of unknown length', async () => {
    const { blob } = await startWithBlob();
    const bytes = randomBytes(9 * MIB + 17);
    await blob.uploadStream(Readable.from(slices(bytes, 100_000)), 2 * MIB, 3);
    expect(sha256(await blob.downloadToBuffer())).toBe(sha256(bytes));
    const { committedBlocks } = await blob.getBlockList('committed');
    expect(committedBlocks?.map(({ size }) => size)).toEqual([...Array<number>(4).fill(2 * MIB), MIB + 17]);
  });

  it('commits blocks in the order of the list, reuses committed ones and drops the rest', async () => {
    const { cloud, blob } = await startWithBlob();
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
    await expect.poll(() => extentFiles(cloud), PATIENT).toHaveLength(2);
  });

  it('says what is wrong with a block or a list', async () => {
    const { cloud, blob } = await startWithBlob();
    await stage(blob, 1, 'a');
    expect(await refusal(blob.commitBlockList([blockId(1), blockId(2)]))).toBe('400 InvalidBlockList');
    const longer = Buffer.from('a longer id').toString('base64');
    expect(await refusal(blob.stageBlock(longer, 'b', 1))).toBe('400 InvalidBlobOrBlock');
    expect(await refusal(blob.stageBlock('not base64!', 'b', 1))).toBe('400 InvalidQueryParameterValue');
    const tooLong = Buffer.alloc(65).toString('base64');
    expect(await refusal(blob.stageBlock(tooLong, 'b', 1))).toBe('400 InvalidQueryParameterValue');
    const md5 = createHash('md5').update('other').digest();
    const mismatch = blob.stageBlock(blockId(5), 'b', 1, { transactionalContentMD5: md5 });
    expect(await refusal(mismatch)).toBe('400 Md5Mismatch');
    const list = (body: string) =>
      rawRequest(cloud, 'PUT', `/${ACCOUNT}/box/blob?comp=blocklist`, OWNER, body);
    for (const body of ['', '<BlockList>', '<Other/>', '<BlockList><Latest>&x;</Latest></BlockList>', '<']) {
      expect((await list(body)).headers['x-ms-error-code']).toBe('InvalidXmlDocument');
    }
    const many = `<BlockList>${`<Latest>${blockId(1)}</Latest>`.repeat(50_001)}</BlockList>`;
    expect((await list(many)).headers['x-ms-error-code']).toBe('BlockListTooLong');
    expect((await list('x'.repeat(9 * MIB))).headers['x-ms-error-code']).toBe('RequestBodyTooLarge');
    // None of it has hurt what was staged.
    await blob.commitBlockList([blockId(1)]);
    expect((await blob.downloadToBuffer()).toString()).toBe('a');
  });

  it('commits under conditions, and one of many committers wins', async () => {
    const { blob } = await startWithBlob();
    await stage(blob, 1, 'a');
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () =>
        refusal(blob.commitBlockList([blockId(1)], { conditions: { ifNoneMatch: '*' } })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === '409 BlobAlreadyExists')).toHaveLength(7);
  });

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
    await blob.upload('mine', 4);
    const [mine] = await extentFiles(cloud);
    const directory = join(cloud.dataDir, 'blob', 'extents');
    await writeFile(join(directory, 'b1946ac9-0000-4000-8000-000000000000'), 'orphan');
    await writeFile(join(directory, 'b1946ac9-0000-4000-8000-000000000001.tmp'), 'half');
    await cloud.restart();
    expect(await extentFiles(cloud)).toEqual([mine]);
    expect((await blob.downloadToBuffer()).toString()).toBe('mine');
  });
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function* slices(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}
