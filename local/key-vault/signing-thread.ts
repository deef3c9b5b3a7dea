/**
 * Signatures take milliseconds, and node:crypto makes none over a digest off the event loop: so a thread makes them,
 * and other requests go on meanwhile. It starts with the first signature and does not keep the process alive.
 */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { DigestTask } from './digest-task.ts';

export interface SigningRequest {
  readonly id: number;
  readonly task: DigestTask;
}

export type SigningAnswer =
  | { readonly id: number; readonly result: Uint8Array | boolean }
  | { readonly id: number; readonly failed: string };

export interface SigningThread {
  sign(task: Extract<DigestTask, { kind: 'sign-rsa' | 'sign-ec' }>): Promise<Buffer>;
  verify(task: Extract<DigestTask, { kind: 'verify-ec' }>): Promise<boolean>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: Uint8Array | boolean) => void;
  readonly reject: (error: Error) => void;
}

const WORKER = 'dist/local/signing-worker.js';

export function createSigningThread(): SigningThread {
  let worker: Worker | undefined;
  let asked = 0;
  const waiting = new Map<number, Waiting>();

  function end(ended: Worker, error: Error): void {
    if (worker !== ended) return;
    // The next signature starts a new one.
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function start(): Worker {
    // No environment: it needs none, and whatever secret is in it stays out of the thread.
    const started = new Worker(workerEntry(), { env: {}, name: 'signing' });
    started.unref();
    started.on('message', (answer: SigningAnswer) => {
      const caller = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('result' in answer) caller?.resolve(answer.result);
      else caller?.reject(new Error(`the signing thread failed: ${answer.failed}`));
    });
    started.on('error', (error) => end(started, error));
    started.on('exit', () => end(started, new Error('the signing thread ended')));
    return started;
  }

  function run(task: DigestTask): Promise<Uint8Array | boolean> {
    worker ??= start();
    const to = worker;
    asked += 1;
    const id = asked;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      to.postMessage({ id, task } satisfies SigningRequest);
    });
  }

  return {
    async sign(task) {
      const signature = await run(task);
      if (typeof signature === 'boolean') throw new Error('the signing thread gave no signature');
      return Buffer.from(signature);
    },
    verify: async (task) => (await run(task)) === true,
    async close() {
      await worker?.terminate();
    },
  };
}

/** Looked for upwards of this module, because bundling moves its code. @throws Error before the first build */
function workerEntry(): URL {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const entry = new URL(WORKER, folder);
    if (existsSync(entry)) return entry;
    if (new URL('..', folder).href === folder.href) break;
  }
  throw new Error(`${WORKER} is not there: build first (npm run build)`);
}
