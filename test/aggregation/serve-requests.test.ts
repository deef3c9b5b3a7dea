import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Opening } from '../../shared/aggregation/fold-task.ts';
import { serveRequests } from '../../shared/aggregation/serve-requests.ts';
import {
  packOpenings,
  unpackOpenings,
  type WorkerAnswer,
  type WorkerRequest,
} from '../../shared/aggregation/worker-messages.ts';
import {
  base,
  block,
  buffers,
  ciphertexts,
  foldTask,
  openings,
  plaintexts,
  plan,
  schema,
} from './one-block.ts';
import { plainFold } from './plain-fold.ts';

const open = (given = openings): WorkerRequest => ({
  kind: 'open',
  schema,
  encoding: undefined,
  openings: packOpenings(given),
  kernels: 'simd',
});
const begin: WorkerRequest = { kind: 'begin', task: foldTask, module: undefined };
const close: WorkerRequest = { kind: 'close' };
const add = (): WorkerRequest => ({ kind: 'add', block, updates: [0, 1, 2], ciphertexts: ciphertexts() });

describe('the side of the conversation that folds', () => {
  let channel = new MessageChannel();
  /** Puts all requests at once; the answers in their order. */
  const ask = (...requests: WorkerRequest[]): Promise<WorkerAnswer[]> =>
    new Promise((resolve) => {
      const answers: WorkerAnswer[] = [];
      const take = (answer: WorkerAnswer): void => {
        answers.push(answer);
        if (answers.length < requests.length) return;
        channel.port1.off('message', take);
        resolve(answers);
      };
      channel.port1.on('message', take);
      for (const request of requests) channel.port1.postMessage(request);
    });
  beforeEach(() => {
    channel = new MessageChannel();
    serveRequests(channel.port2);
  });
  afterEach(() => channel.port1.close());

  it('makes the next model of a block, whose bytes both sides share', async () => {
    const made = buffers();
    const answers = await ask(open(), begin, add(), { kind: 'finish', block, buffers: made }, close);
    expect(answers.map(({ kind }) => kind)).toEqual(['done', 'done', 'done', 'finished', 'done']);
    const plain = plainFold(schema, base, plaintexts, plan).model;
    expect(Buffer.from(made.model).equals(plain.subarray(-made.model.length))).toBe(true);
  });

  it('measures how far updates lie apart, and answers the figures', async () => {
    const task = { kind: 'measure', wanted: 'distances', scales: [1, 1, 1], trusted: 0 } as const;
    const [, , , answer] = await ask(open(), { kind: 'begin', task, module: undefined }, add(), {
      kind: 'finish',
      block,
      buffers: buffers(),
    });
    if (answer?.kind !== 'finished') throw new Error('it answers figures');
    const values = plaintexts.map((bytes) =>
      Array.from({ length: 1_000 }, (_, i) => bytes.readFloatLE(bytes.length - 4_000 + 4 * i)),
    );
    const expected = values.flatMap((a) =>
      values.map((b) => a.reduce((sum, x, i) => sum + (x - (b[i] ?? Number.NaN)) ** 2, 0)),
    );
    for (const [i, distance] of answer.partials.entries()) {
      const plain = expected[i] ?? Number.NaN;
      expect(Math.abs(distance - plain)).toBeLessThanOrEqual(plain * 2 ** -17);
    }
    expect(answer.partials).toHaveLength(9);
  });

  it('refuses a key of another update, and says whose', async () => {
    const given = openings.map((opening, i) => (i === 1 ? { ...opening, key: new Uint8Array(32) } : opening));
    expect(await ask(open(given))).toMatchObject([{ kind: 'refused', slug: 'header-tag', update: 1 }]);
  });

  it('refuses a module that is not there, and answers what was asked behind it after that', async () => {
    const module = { name: 'gone', url: 'file:///never-deployed/gone.js', parameters: {} };
    const answers = await ask(open(), { kind: 'begin', task: foldTask, module }, close);
    expect(answers).toMatchObject([
      { kind: 'done' },
      { kind: 'refused', slug: 'strategy-precondition', message: 'The deployed app has no strategies/gone.' },
      { kind: 'done' },
    ]);
  });

  it('fails what is asked before it was opened, and has forgotten all of it after a close', async () => {
    const notOpened = {
      kind: 'failed',
      message: expect.stringMatching(/^Error: the worker was not opened/) as string,
    };
    const done = { kind: 'done' };
    const answers = await ask(begin, open(), begin, close, begin, close);
    expect(answers).toEqual([notOpened, done, done, done, notOpened, done]);
  });

  it('is opened again for the next aggregation, with the kernels that it kept', async () => {
    const first = buffers();
    const second = buffers();
    await ask(open(), begin, add(), { kind: 'finish', block, buffers: first }, close);
    await ask(open(), begin, add(), { kind: 'finish', block, buffers: second }, close);
    expect(Buffer.from(second.model).equals(first.model)).toBe(true);
  });
});

it('keys, contexts and headers of all updates go in one buffer and come out as they were', () => {
  const hex = ({ key, context, header }: Opening): string[] =>
    [key, context, header].map((bytes) => Buffer.from(bytes).toString('hex'));
  expect(unpackOpenings(packOpenings(openings)).map(hex)).toEqual(openings.map(hex));
  expect(unpackOpenings(packOpenings([]))).toEqual([]);
});

it('the entry of a thread does not start anywhere else', async () => {
  await expect(import('../../shared/aggregation/aggregation-worker.ts')).rejects.toThrow(
    'this file runs in a worker thread',
  );
});
