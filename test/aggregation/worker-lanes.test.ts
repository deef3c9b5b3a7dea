import { afterEach, describe, expect, it } from 'vitest';
import { giveWorker, takeWorker } from '../../shared/aggregation/idle-workers.ts';
import { openLanes } from '../../shared/aggregation/open-lanes.ts';
import { workerLane } from '../../shared/aggregation/worker-lane.ts';
import type { WorkerThread } from '../../shared/aggregation/worker-thread.ts';
import { federationOf } from './sealed-set.ts';

const { schema, updates } = federationOf([{ name: 'a', dtype: 'F32', shape: [4] }], 1, 1);
const openings = updates.map(({ opening }) => opening);
const job = { schema, encoding: undefined, openings };
const task = { kind: 'measure', wanted: 'distances', scales: [1], trusted: 0 } as const;

/** Threads that wait from before would be taken first. */
async function noneIdle(): Promise<void> {
  for (let i = 0; i < 9; i++) await takeWorker().end();
}

/** A lane that has begun, and the thread that it took because it waited. */
async function laneInWaitingThread() {
  await noneIdle();
  const thread = takeWorker();
  giveWorker(thread);
  const lane = await workerLane({ ...job, kernels: 'simd' });
  await lane.begin(task, undefined);
  return { thread, lane };
}

describe('a lane in a worker thread', () => {
  afterEach(noneIdle);

  it('fails once its thread has ended, and can be closed all the same', async () => {
    const { thread, lane } = await laneInWaitingThread();
    await thread.end();
    await expect(lane.begin(task, undefined)).rejects.toThrow('an aggregation worker ended with exit code 1');
    await lane.close();
    const next = takeWorker();
    expect(next).not.toBe(thread);
    await next.end();
  });

  it('leaves its thread to the next aggregation', async () => {
    const { thread, lane } = await laneInWaitingThread();
    await lane.close();
    expect(takeWorker()).toBe(thread);
    await thread.end();
  });

  it('is closed where another of the same aggregation does not open', async () => {
    await noneIdle();
    const asked: string[] = [];
    const willing: WorkerThread = {
      ask: async ({ kind }) => {
        asked.push(kind);
        return { kind: 'done' };
      },
      sound: () => true,
      setIdle: () => undefined,
      end: async () => undefined,
    };
    giveWorker(willing);
    const wrong = openings.map((opening) => ({ ...opening, key: new Uint8Array(32) }));
    const opening = openLanes({ workers: 2 }, { ...job, openings: wrong, bytes: 1 });
    await expect(opening).rejects.toMatchObject({ slug: 'header-tag', update: 0 });
    expect(asked).toEqual(['open', 'close']);
    expect(takeWorker()).toBe(willing);
  });
});
