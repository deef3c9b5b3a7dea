/** Entry of a worker thread: does what it is asked, one request after the other, until it is closed. */
import { parentPort } from 'node:worker_threads';
import { type BlockFolder, blockFolder } from './block-folder.ts';
import { kernelsOf } from './choose-kernels.ts';
import { FoldRefused } from './fold-task.ts';
import { loadModule } from './load-module.ts';
import { modelLayout } from './model-layout.ts';
import { unpackOpenings, type WorkerAnswer, type WorkerRequest } from './worker-messages.ts';

const port = parentPort;
if (port === null) throw new Error('this file runs in a worker thread');
let folder: BlockFolder | undefined;
let working: Promise<void> = Promise.resolve();

port.on('message', (request: WorkerRequest) => {
  working = working.then(async () => {
    const { answer, transfer } = await answerTo(request);
    port.postMessage(answer, transfer);
    if (request.kind === 'close') port.close();
  });
});

interface Answered {
  readonly answer: WorkerAnswer;
  readonly transfer: ArrayBuffer[];
}

async function answerTo(request: WorkerRequest): Promise<Answered> {
  try {
    return await carryOut(request);
  } catch (error) {
    if (error instanceof FoldRefused) {
      const { slug, message, update } = error;
      return { answer: { kind: 'refused', slug, message, update }, transfer: [] };
    }
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { answer: { kind: 'failed', message }, transfer: [] };
  }
}

async function carryOut(request: WorkerRequest): Promise<Answered> {
  switch (request.kind) {
    case 'open': {
      const openings = unpackOpenings(request.openings);
      try {
        folder = blockFolder({
          kernels: kernelsOf(request.kernels),
          layout: modelLayout(request.schema),
          openings,
        });
      } finally {
        for (const { key } of openings) key.fill(0);
      }
      return done();
    }
    case 'begin':
      opened().begin(request.task, request.module && (await loadModule(request.module)));
      return done();
    case 'add': {
      const { block, updates, ciphertexts } = request;
      opened().add(block, updates, ciphertexts);
      return { answer: { kind: 'added', ciphertexts }, transfer: ciphertexts.map(({ buffer }) => buffer) };
    }
    case 'finish': {
      const folded = opened().finish(request.block, request.buffers);
      const { model, m, v } = folded.buffers;
      return { answer: { kind: 'finished', folded }, transfer: [model.buffer, m.buffer, v.buffer] };
    }
    case 'close':
      folder?.wipe();
      return done();
  }
}

function opened(): BlockFolder {
  if (folder === undefined) throw new Error('the worker was not opened');
  return folder;
}

function done(): Answered {
  return { answer: { kind: 'done' }, transfer: [] };
}
