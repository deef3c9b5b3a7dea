/** Aggregates sealed files, or only opens them, on request; answers seconds and the process's greatest memory. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as z from 'zod';
import { freeBuffer } from '../../shared/memory/free-buffer.ts';
import { keepFreedMemory } from '../../shared/memory/keep-freed-memory.ts';
import { preferSmallHeap } from '../../shared/memory/prefer-small-heap.ts';
import { FLSE, startOpening } from '../../shared/sealing/floe.ts';
import { serveLines } from './line-server.ts';
import { foldFiles, foldRequest, type SealedFile, sealedFile } from './sealed-files.ts';

const request = z.discriminatedUnion('op', [
  z.object({ op: z.literal('fold'), ...foldRequest.shape }),
  z.object({
    op: z.literal('open'),
    updates: z.array(sealedFile),
    workers: z.int(),
    /** Whether segments are freed at once, as the product does, or left to V8. */
    frees: z.boolean(),
  }),
]);

/** As many segments at a time as the product reads. */
const SEGMENTS = 4;

if (isMainThread) {
  preferSmallHeap();
  await serve();
} else parentPort?.on('message', (part: OpenPart) => parentPort?.postMessage(openAll(part)));

interface OpenPart {
  readonly updates: readonly SealedFile[];
  readonly worker: number;
  readonly workers: number;
  readonly frees: boolean;
}

async function serve(): Promise<void> {
  let openers: Worker[] = [];
  await serveLines(async (line) => {
    const asked = request.parse(line);
    const begun = performance.now();
    if (asked.op === 'fold') await foldFiles(asked);
    else {
      keepFreedMemory();
      if (openers.length === 0) {
        openers = Array.from({ length: asked.workers }, () => new Worker(new URL(import.meta.url)));
      }
      const { updates, workers, frees } = asked;
      await Promise.all(
        openers.map(
          (opener, worker) =>
            new Promise((done) => {
              opener.once('message', done);
              opener.postMessage({ updates, worker, workers, frees } satisfies OpenPart);
            }),
        ),
      );
    }
    const seconds = (performance.now() - begun) / 1000;
    const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
    return { seconds, peak };
  });
  await Promise.all(openers.map((opener) => opener.terminate()));
}

/** Every `workers`-th block of every update: read, decrypted, verified, dropped. */
function openAll({ updates, worker, workers, frees }: OpenPart): number {
  const buffer = Buffer.allocUnsafeSlow(SEGMENTS * FLSE.segmentLength);
  let opened = 0;
  for (const { file, key, context, header } of updates) {
    const opener = startOpening({
      key: Buffer.from(key, 'hex'),
      associatedData: Buffer.from(context, 'hex'),
      header: Buffer.from(header, 'hex'),
      parameters: FLSE,
    });
    const handle = openSync(file, 'r');
    for (let block = worker; ; block += workers) {
      const at = FLSE.headerLength + block * buffer.length;
      const length = readSync(handle, buffer, 0, buffer.length, at);
      for (let from = 0; from < length; from += FLSE.segmentLength) {
        const segment = buffer.subarray(from, Math.min(length, from + FLSE.segmentLength));
        const final = segment.readUInt32BE(0) !== 0xffffffff;
        const plaintext = opener.open(block * SEGMENTS + from / FLSE.segmentLength, segment, final);
        opened += plaintext.length;
        if (frees) freeBuffer(plaintext);
      }
      if (length < buffer.length) break;
    }
    closeSync(handle);
    opener.wipe();
  }
  return opened;
}
