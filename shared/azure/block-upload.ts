import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlockBlobClient } from '@azure/storage-blob';
import { freeBuffer } from '../memory/free-buffer.ts';

/** A blob may have 50,000 blocks. Small ones keep memory small, larger ones at the end leave room for 179 GiB. */
export function blockBytes(index: number): number {
  return (index < 8_192 ? 2 : 4) * 2 ** 20;
}

/**
 * Blocks that are sent at once: a single stream of blocks would wait for each answer. One more is being filled, and a
 * large aggregation writes two blobs side by side, its model and a shard.
 */
const AT_ONCE = 2;
/**
 * What is written to a connection at a time. TLS encrypts a write as a whole before it sends any of it, and a connection
 * keeps the memory that its largest write took: with whole blocks, 4 MiB in each connection of the pool.
 */
const WRITE_BYTES = 64 * 2 ** 10;

export interface BlockUpload {
  /** Takes the next bytes, which are the caller's again once it resolves. Waits while enough blocks are under way. */
  write(chunk: Uint8Array): Promise<void>;
  /** Sends what is left and makes the blob exist, with its digest as metadata; fails with 409 or 412 where there is one. */
  commit(): Promise<{ sha256: string; bytes: number }>;
}

/** Cuts a stream of chunks into blocks and commits them as one new blob. */
export function blockUpload(blob: BlockBlobClient): BlockUpload {
  const hash = createHash('sha256');
  const blocks: string[] = [];
  const underWay = new Set<Promise<unknown>>();
  const spares: Buffer<ArrayBuffer>[] = [];
  let block: Buffer<ArrayBuffer> | undefined;
  let filled = 0;
  let bytes = 0;
  let failure: { readonly error: unknown } | undefined;

  const check = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const emptyBlock = (): Buffer<ArrayBuffer> => {
    const length = blockBytes(blocks.length);
    const spare = spares.pop();
    if (spare?.length === length) return spare;
    if (spare !== undefined) freeBuffer(spare);
    return Buffer.allocUnsafeSlow(length);
  };
  const send = (): void => {
    if (block === undefined || filled === 0) return;
    const content = block;
    const id = Buffer.from(blocks.length.toString().padStart(8, '0')).toString('base64');
    const sent: Promise<unknown> = blob
      .stageBlock(id, inPieces(content.subarray(0, filled)), filled)
      .then(
        () => spares.push(content),
        (error: unknown) => {
          failure ??= { error };
        },
      )
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
    blocks.push(id);
    [block, filled] = [undefined, 0];
  };
  return {
    async write(chunk) {
      hash.update(chunk);
      bytes += chunk.length;
      for (let at = 0; at < chunk.length; ) {
        check();
        block ??= emptyBlock();
        const part = chunk.subarray(at, at + block.length - filled);
        block.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < block.length) continue;
        send();
        while (underWay.size >= AT_ONCE) await Promise.race(underWay);
      }
    },
    async commit() {
      send();
      await Promise.all(underWay);
      check();
      // Not left to a collection: an aggregation in shards makes many uploads, one after the other.
      for (const spare of spares.splice(0)) freeBuffer(spare);
      const sha256 = hash.digest('hex');
      await blob.commitBlockList(blocks, {
        conditions: { ifNoneMatch: '*' },
        metadata: { sha256 },
        blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
      });
      return { sha256, bytes };
    },
  };
}

/** A body that can be sent again after a failure. */
function inPieces(bytes: Uint8Array): () => Readable {
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) yield bytes.subarray(at, at + WRITE_BYTES);
  }
  return () => Readable.from(pieces(), { objectMode: false, highWaterMark: WRITE_BYTES });
}
