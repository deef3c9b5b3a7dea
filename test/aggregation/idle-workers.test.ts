import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { giveWorker, takeWorker } from '../../shared/aggregation/idle-workers.ts';
import type { WorkerThread } from '../../shared/aggregation/worker-thread.ts';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';

const schema: TensorSchema = [{ name: 'a', dtype: 'F32', shape: [4] }];
const open = {
  kind: 'open',
  schema,
  encoding: undefined,
  openings: new Uint8Array(0),
  kernels: 'simd',
} as const;
const task = { kind: 'measure', wanted: 'distances', scales: [], trusted: 0 } as const;
const begin = { kind: 'begin', task, module: undefined } as const;

describe('an aggregation thread that is done', () => {
  const taken: WorkerThread[] = [];
  const take = (): WorkerThread => {
    const thread = takeWorker();
    taken.push(thread);
    return thread;
  };
  /** What other tests of this process left. */
  beforeAll(async () => {
    for (let i = 0; i < 9; i++) await take().end();
  });
  afterAll(async () => {
    for (const thread of taken) await thread.end();
  });

  it('is taken by the next aggregation', async () => {
    const first = take();
    await first.ask(open);
    await first.ask({ kind: 'close' });
    giveWorker(first);
    expect(takeWorker()).toBe(first);
    expect((await first.ask(open)).kind).toBe('done');
  });

  it('is not taken by two', async () => {
    const first = take();
    await first.ask({ kind: 'close' });
    giveWorker(first);
    expect(takeWorker()).toBe(first);
    expect(take()).not.toBe(first);
  });

  it('has forgotten what it was opened with', async () => {
    const thread = take();
    await thread.ask(open);
    await thread.ask(begin);
    await thread.ask({ kind: 'close' });
    await expect(thread.ask(begin)).rejects.toThrow('the worker was not opened');
    expect(thread.sound()).toBe(false);
  });

  it('is not taken where it ended while it waited', async () => {
    const thread = take();
    await thread.ask({ kind: 'close' });
    giveWorker(thread);
    await thread.end();
    expect(take()).not.toBe(thread);
  });
});
