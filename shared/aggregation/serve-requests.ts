/**
 * A folding thread's side of the conversation in worker-messages.ts: does what it is asked, one request after the
 * other. Between aggregations it keeps its code and its memory, which is empty then.
 */
import { inspect } from 'node:util';
import type { MessagePort } from 'node:worker_threads';
import type { Kernels } from '../kernels/kernels.ts';
import { type BlockFolder, blockFolder } from './block-folder.ts';
import { type KernelChoice, kernelsOf } from './choose-kernels.ts';
import { updateLayout } from './choose-update-layout.ts';
import { FoldRefused } from './fold-task.ts';
import { loadModule } from './load-module.ts';
import { modelLayout } from './model-layout.ts';
import { unpackOpenings, type WorkerAnswer, type WorkerRequest } from './worker-messages.ts';

/** Answers every request that comes through `port`. */
export function serveRequests(port: MessagePort): void {
  const kept = new Map<KernelChoice, Kernels>();
  let folder: BlockFolder | undefined;
  let working: Promise<void> = Promise.resolve();

  const keptKernels = (choice: KernelChoice): Kernels => {
    const kernels = kept.get(choice) ?? kernelsOf(choice);
    kept.set(choice, kernels);
    return kernels;
  };
  const opened = (): BlockFolder => {
    if (folder === undefined) throw new Error('the worker was not opened');
    return folder;
  };
  const carryOut = async (request: WorkerRequest): Promise<WorkerAnswer> => {
    switch (request.kind) {
      case 'open': {
        const openings = unpackOpenings(request.openings);
        const { schema, encoding } = request;
        try {
          const layout = modelLayout(schema);
          const sent = updateLayout(layout, schema, encoding);
          folder = blockFolder({ kernels: keptKernels(request.kernels), layout, sent, openings });
        } finally {
          for (const { key } of openings) key.fill(0);
        }
        return { kind: 'done' };
      }
      case 'begin':
        opened().begin(request.task, request.module && (await loadModule(request.module)));
        return { kind: 'done' };
      case 'add':
        opened().add(request.block, request.updates, request.ciphertexts);
        return { kind: 'done' };
      case 'finish':
        return { kind: 'finished', partials: opened().finish(request.block, request.buffers) };
      case 'close':
        folder?.wipe();
        folder = undefined;
        for (const kernels of kept.values()) kernels.bytes().fill(0);
        return { kind: 'done' };
    }
  };

  port.on('message', (request: WorkerRequest) => {
    working = working.then(async () => port.postMessage(await carryOut(request).catch(answerOf)));
  });
}

function answerOf(error: unknown): WorkerAnswer {
  if (error instanceof FoldRefused) {
    const { slug, message, update } = error;
    return { kind: 'refused', slug, message, update };
  }
  return { kind: 'failed', message: inspect(error) };
}
