import { createHash } from 'node:crypto';
import { BlobServiceClient, type BlockBlobClient } from '@azure/storage-blob';
import { describe, expect, it } from 'vitest';
import { createFaultPlan } from '../../local/core/faults.ts';
import { bytesOf, rangeFiller } from '../../shared/azure/blob-reading.ts';
import { blockBytes, blockUpload } from '../../shared/azure/block-upload.ts';
import { ACCOUNT, credentialOf, startTestBlob } from '../local/blob/fixture.ts';

/** Two whole blocks and a short one, of bytes that tell their place. */
const LENGTH = 2 * blockBytes(0) + 100_003;
const CONTENT = Buffer.from(
  Uint32Array.from({ length: Math.ceil(LENGTH / 4) }, (_, i) => i * 2_654_435_761).buffer,
).subarray(0, LENGTH);
const TRIES = 3;

/** A client that tries again at once, as the coordinator's does after a while. */
async function startWithFaults() {
  const faults = createFaultPlan();
  const cloud = await startTestBlob({ faults });
  await cloud.service.ensureContainer(ACCOUNT, 'box');
  const client = new BlobServiceClient(cloud.service.accountUrl(ACCOUNT), credentialOf('owner'), {
    retryOptions: { maxTries: TRIES, retryDelayInMs: 1, maxRetryDelayInMs: 1 },
  });
  return { faults, blob: client.getContainerClient('box').getBlockBlobClient('model') };
}

async function send(blob: BlockBlobClient, chunkBytes = 777_777): Promise<{ sha256: string; bytes: number }> {
  const upload = blockUpload(blob);
  for (let at = 0; at < LENGTH; at += chunkBytes) {
    const chunk = Buffer.from(CONTENT.subarray(at, at + chunkBytes));
    await upload.write(chunk);
    // The caller's again: what is sent must not change with it.
    chunk.fill(0xee);
  }
  return upload.commit();
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('an upload in blocks', () => {
  it.each([1_000, 777_777, LENGTH])(
    'is the same blob in chunks of %i bytes, and carries its digest',
    async (chunk) => {
      const { blob } = await startWithFaults();
      expect(await send(blob, chunk)).toEqual({ sha256: digest(CONTENT), bytes: LENGTH });
      expect((await blob.downloadToBuffer()).equals(CONTENT)).toBe(true);
      expect((await blob.getProperties()).metadata).toEqual({ sha256: digest(CONTENT) });
    },
  );

  it.each([
    ['throttled', 'status'],
    ['cut off before it is read', 'reset'],
    ['left without an answer', 'lost-answer'],
  ] as const)('sends a block that is %s again, from its beginning', async (_, kind) => {
    const { faults, blob } = await startWithFaults();
    faults.set([{ service: 'blob', operation: 'Put Block', kind, times: TRIES - 1 }]);
    await send(blob);
    expect(faults.next('blob', 'Put Block')).toBeUndefined();
    expect((await blob.downloadToBuffer()).equals(CONTENT)).toBe(true);
  });

  it('fails where the service stays away, and leaves no blob', async () => {
    const { faults, blob } = await startWithFaults();
    faults.set([{ service: 'blob', operation: 'Put Block', kind: 'status', status: 503, times: 1_000 }]);
    await expect(send(blob)).rejects.toMatchObject({ statusCode: 503 });
    faults.set([]);
    expect(await blob.exists()).toBe(false);
  });

  it('does not replace a blob that is there', async () => {
    const { blob } = await startWithFaults();
    await blob.upload('first', 5);
    await expect(send(blob)).rejects.toMatchObject({ statusCode: 409 });
    expect((await blob.downloadToBuffer()).toString()).toBe('first');
  });
});

describe('a range of a blob', () => {
  it('is whole although its connection breaks twice in the middle', async () => {
    const { faults, blob } = await startWithFaults();
    await send(blob);
    faults.set([{ service: 'blob', operation: 'Get Blob', kind: 'reset-mid-body', times: 2 }]);
    const target = Buffer.alloc(1_000_000);
    await rangeFiller(blob)(1_234, target);
    expect(faults.next('blob', 'Get Blob')).toBeUndefined();
    expect(target.equals(CONTENT.subarray(1_234, 1_001_234))).toBe(true);
  });

  it('is given up when its connection breaks again and again', async () => {
    const { faults, blob } = await startWithFaults();
    await send(blob);
    faults.set([{ service: 'blob', operation: 'Get Blob', kind: 'reset-mid-body', times: 1_000 }]);
    await expect(rangeFiller(blob)(0, Buffer.alloc(1_000_000))).rejects.toThrow();
  });

  it('of a long pass is whole although every connection breaks, as often as it may', async () => {
    const { faults, blob } = await startWithFaults();
    await send(blob);
    faults.set([{ service: 'blob', operation: 'Get Blob', kind: 'reset-mid-body', times: 6 }]);
    const chunks: Buffer[] = [];
    for await (const chunk of bytesOf(blob, await blob.download(), 0, 6)) chunks.push(Buffer.from(chunk));
    expect(faults.next('blob', 'Get Blob')).toBeUndefined();
    expect(Buffer.concat(chunks).equals(CONTENT)).toBe(true);
  });

  it('is never of two versions: a blob that changed while its connection was broken is an error', async () => {
    const { faults, blob } = await startWithFaults();
    await send(blob);
    faults.set([{ service: 'blob', operation: 'Get Blob', kind: 'reset-mid-body', times: 1 }]);
    const target = Buffer.alloc(1_000_000);
    let overwritten = false;
    const changing = Object.assign(Object.create(blob) as BlockBlobClient, {
      download: async (...args: Parameters<BlockBlobClient['download']>) => {
        if (overwritten) await blob.upload(Buffer.alloc(LENGTH), LENGTH);
        overwritten = true;
        return blob.download(...args);
      },
    });
    await expect(rangeFiller(changing)(0, target)).rejects.toMatchObject({ statusCode: 412 });
  });

  it('that the blob does not have is an error, not a short answer', async () => {
    const { blob } = await startWithFaults();
    await send(blob);
    await expect(rangeFiller(blob)(LENGTH - 10, Buffer.alloc(20))).rejects.toThrow(RangeError);
  });
});
