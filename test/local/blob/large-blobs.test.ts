import { describe, expect, it } from 'vitest';
import { rangeReader } from '../../../shared/azure/blob-reading.ts';
import { ACCOUNT, startTestBlob } from './fixture.ts';

const BLOCK_BYTES = 32 * 2 ** 20;
const BLOCKS = 140;
const LARGE = BLOCKS * BLOCK_BYTES;
const END = Buffer.from('beyond four gibibytes');

const blockId = (name: string): string => Buffer.from(name.padEnd(6)).toString('base64');

/** A list may name a block more than once, so a blob of 4.4 GiB takes one block's room. */
async function startWithLargeBlob() {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'box');
  const blob = cloud.container('box').getBlockBlobClient('large');
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write('first', 0);
  block.write('last', BLOCK_BYTES - 4);
  await blob.stageBlock(blockId('block'), block, block.length);
  await blob.stageBlock(blockId('end'), END, END.length);
  await blob.commitBlockList([...Array.from({ length: BLOCKS }, () => blockId('block')), blockId('end')]);
  return { cloud, blob };
}

describe('a blob of more than four gibibytes', () => {
  it('tells its length and gives ranges on both sides of 2^31 and 2^32', async () => {
    const { blob } = await startWithLargeBlob();
    expect((await blob.getProperties()).contentLength).toBe(LARGE + END.length);
    const read = rangeReader(blob);
    for (const edge of [2 ** 31, 2 ** 32, LARGE - BLOCK_BYTES]) {
      expect((await read(edge - 4, 9)).toString()).toBe('lastfirst');
    }
    expect((await read(LARGE - 4, 1_000)).toString()).toBe(`last${END.toString()}`);
  });

  it('says which bytes a range holds, and that there are none behind its end', async () => {
    const { blob } = await startWithLargeBlob();
    const { contentRange, contentLength } = await blob.download(LARGE, 6);
    expect(contentRange).toBe(`bytes ${LARGE}-${LARGE + 5}/${LARGE + END.length}`);
    expect(contentLength).toBe(6);
    await expect(blob.download(LARGE + END.length, 1)).rejects.toMatchObject({ statusCode: 416 });
  });

  it('is all there after a restart', async () => {
    const { cloud, blob } = await startWithLargeBlob();
    await cloud.restart();
    expect((await rangeReader(blob)(LARGE, END.length)).equals(END)).toBe(true);
  });
});
