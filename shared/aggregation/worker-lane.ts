import { Worker } from 'node:worker_threads';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import type { KernelChoice } from './choose-kernels.ts';
import { FoldRefused, type Opening } from './fold-task.ts';
import type { Lane } from './lane.ts';
import { packOpenings, type WorkerAnswer, type WorkerRequest } from './worker-messages.ts';

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Starts a worker thread and hands it the keys of all updates. Throws {@link FoldRefused} as `blockFolder` does. */
export async function workerLane(options: {
  entry: URL;
  schema: TensorSchema;
  openings: readonly Opening[];
  kernels: KernelChoice;
}): Promise<Lane> {
  // No environment: a worker needs none, and whatever secret is in it stays out of the thread.
  const worker = new Worker(options.entry, { env: {}, name: 'aggregation' });
  const waiting: Waiting[] = [];
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  worker.on('message', (answer: WorkerAnswer) => waiting.shift()?.resolve(answer));
  worker.on('error', end);
  worker.on('messageerror', end);
  worker.on('exit', (code) => end(new Error(`an aggregation worker ended with exit code ${code}`)));

  const ask = async (request: WorkerRequest, transfer: ArrayBuffer[] = []): Promise<WorkerAnswer> => {
    if (ended !== undefined) throw ended;
    const answered = new Promise<WorkerAnswer>((resolve, reject) => waiting.push({ resolve, reject }));
    worker.postMessage(request, transfer);
    const answer = await answered;
    if (answer.kind === 'refused') throw new FoldRefused(answer.slug, answer.message, answer.update);
    if (answer.kind === 'failed') throw new Error(`in an aggregation worker: ${answer.message}`);
    return answer;
  };

  const openings = packOpenings(options.openings);
  const { schema, kernels } = options;
  try {
    await ask({ kind: 'open', schema, openings, kernels }, [openings.buffer]);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    async begin(task, module) {
      await ask({ kind: 'begin', task, module });
    },
    async add(block, updates, ciphertexts) {
      await ask({ kind: 'add', block, updates, ciphertexts });
    },
    async finish(block, buffers) {
      const answer = await ask({ kind: 'finish', block, buffers });
      if (answer.kind !== 'finished') throw new Error(`an aggregation worker answered ${answer.kind}`);
      return answer.partials;
    },
    async close() {
      // Keys are wiped by the worker itself; where it is beyond that, its memory goes with it.
      if (ended === undefined) await ask({ kind: 'close' }).catch(() => undefined);
      await worker.terminate();
    },
  };
}
