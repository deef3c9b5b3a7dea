/**
 * Holds updates in the kernels' memories of N threads, a slice of the columns each, and folds them on request. Argument:
 * N. The threads run this same file.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as z from 'zod';
import { simdKernels } from '../../shared/kernels/simd-kernels.ts';
import { foldHeld, type HeldUpdates, holdUpdates, RULES, widthOfHeld } from './held-updates.ts';
import { serveLines } from './line-server.ts';

const request = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('hold'),
    file: z.string(),
    dtype: z.enum(['F32', 'F16', 'U32']),
    K: z.int(),
    count: z.int(),
    weights: z.array(z.number()),
    rule: z.enum(RULES),
    from: z.int().default(0),
    to: z.int().default(0),
  }),
  z.object({ op: z.literal('run') }),
  /** Copies the first row into the memory by TypedArray.set. */
  z.object({ op: z.literal('copy') }),
  z.object({ op: z.literal('write'), out: z.string() }),
]);
type Request = z.infer<typeof request>;

if (isMainThread) await serve(Number(process.argv[2]));
else work();

async function serve(count: number): Promise<void> {
  const workers = Array.from({ length: count }, () => new Worker(new URL(import.meta.url)));
  const ask = (worker: Worker, message: Request): Promise<Float64Array> =>
    new Promise((done) => {
      worker.once('message', done);
      worker.postMessage(message);
    });
  await serveLines(async (line) => {
    const asked = request.parse(line);
    const begun = performance.now();
    if (asked.op === 'hold') {
      const share = Math.ceil(asked.count / count / 64) * 64;
      await Promise.all(
        workers.map((worker, i) =>
          ask(worker, { ...asked, from: i * share, to: Math.min(asked.count, (i + 1) * share) }),
        ),
      );
    } else if (asked.op === 'write') {
      const parts = await Promise.all(workers.map((worker) => ask(worker, asked)));
      writeResult(asked.out, parts);
    } else await Promise.all(workers.map((worker) => ask(worker, asked)));
    return { seconds: (performance.now() - begun) / 1000 };
  });
  await Promise.all(workers.map((worker) => worker.terminate()));
}

/** One slice after the other; tables of distances, one per slice, are for the reader to add up. */
function writeResult(out: string, parts: readonly Float64Array[]): void {
  const file = openSync(out, 'w');
  for (const part of parts) writeSync(file, part);
  closeSync(file);
}

function work(): void {
  const kernels = simdKernels();
  let held: HeldUpdates | undefined;
  let weights: readonly number[] = [];
  let source = new Uint8Array(0);
  parentPort?.on('message', (asked: Request) => {
    if (asked.op === 'hold') {
      const { K, dtype, from, to } = asked;
      const width = widthOfHeld(dtype);
      held = holdUpdates(kernels, { dtype, K, count: to - from }, asked.rule);
      weights = asked.weights;
      const file = openSync(asked.file, 'r');
      for (const [k, row] of held.rows.entries()) {
        const target = kernels.bytes().subarray(row, row + (to - from) * width);
        readSync(file, target, 0, target.length, (k * asked.count + from) * width);
      }
      closeSync(file);
      source = kernels.bytes().slice(0, (to - from) * width);
    } else if (held === undefined) throw new Error('nothing is held');
    else if (asked.op === 'run') foldHeld(kernels, held, weights);
    else if (asked.op === 'copy') kernels.bytes().set(source, held.result);
    else {
      parentPort?.postMessage(resultOf(kernels.bytes(), held));
      return;
    }
    parentPort?.postMessage(new Float64Array(0));
  });
}

function resultOf(bytes: Uint8Array, { rule, dtype, result, resultBytes }: HeldUpdates): Float64Array {
  const part = bytes.slice(result, result + resultBytes);
  if (rule === 'distances') return new Float64Array(part.buffer);
  if (dtype === 'U32') return Float64Array.from(new Uint32Array(part.buffer));
  if (dtype === 'F32') return Float64Array.from(new Float32Array(part.buffer));
  const view = new DataView(part.buffer);
  return Float64Array.from({ length: part.length / 2 }, (_, i) => halfToNumber(view.getUint16(2 * i, true)));
}

function halfToNumber(bits: number): number {
  const [exponent, fraction] = [(bits >>> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >>> 15 === 1 ? -size : size;
}
