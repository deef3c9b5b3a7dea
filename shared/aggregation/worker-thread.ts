import { Worker } from 'node:worker_threads';
import { FoldRefused } from './fold-task.ts';
import type { WorkerAnswer, WorkerRequest } from './worker-messages.ts';

export interface WorkerThread {
  /** Throws {@link FoldRefused} where the worker refuses, and an error where it failed or has ended. */
  ask(request: WorkerRequest, transfer?: ArrayBuffer[]): Promise<WorkerAnswer>;
  /** Whether it has done all that it was asked so far. */
  sound(): boolean;
  /** An idle thread does not keep the process alive. */
  setIdle(idle: boolean): void;
  end(): Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (error: Error) => void;
}

export function startWorker(entry: URL): WorkerThread {
  // No environment: a worker needs none, and whatever secret is in it stays out of the thread.
  const worker = new Worker(entry, {
    env: {},
    name: 'aggregation',
    // Little garbage, soon collected: what it holds on to outside of V8's heap is large.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  const waiting: Waiting[] = [];
  let ended: Error | undefined;
  let sound = true;
  const fail = (error: Error): void => {
    ended ??= error;
    sound = false;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  worker.on('message', (answer: WorkerAnswer) => waiting.shift()?.resolve(answer));
  worker.on('error', fail);
  worker.on('messageerror', fail);
  worker.on('exit', (code) => fail(new Error(`an aggregation worker ended with exit code ${code}`)));

  return {
    async ask(request, transfer = []) {
      if (ended !== undefined) throw ended;
      const answered = new Promise<WorkerAnswer>((resolve, reject) => waiting.push({ resolve, reject }));
      worker.postMessage(request, transfer);
      const answer = await answered;
      if (answer.kind !== 'refused' && answer.kind !== 'failed') return answer;
      sound = false;
      if (answer.kind === 'refused') throw new FoldRefused(answer.slug, answer.message, answer.update);
      throw new Error(`in an aggregation worker: ${answer.message}`);
    },
    sound: () => sound,
    setIdle(idle) {
      if (idle) worker.unref();
      else worker.ref();
    },
    async end() {
      await worker.terminate();
    },
  };
}
