import { afterEach, describe, expect, it } from 'vitest';
import { startWorker, type WorkerThread } from '../../shared/aggregation/worker-thread.ts';

/** A thread that does what `code` says with each request. */
function threadOf(code: string): URL {
  const module = `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (request) => { ${code} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(module)}`);
}

const close = { kind: 'close' } as const;

describe('an aggregation thread', () => {
  const started: WorkerThread[] = [];
  const start = (code: string): WorkerThread => {
    const thread = startWorker(threadOf(code));
    started.push(thread);
    return thread;
  };
  afterEach(async () => {
    for (const thread of started.splice(0)) await thread.end();
  });

  it('answers one request after the other, and is sound', async () => {
    const thread = start("parentPort.postMessage({ kind: 'done' })");
    const answers = await Promise.all([thread.ask(close), thread.ask(close)]);
    expect(answers).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    expect(thread.sound()).toBe(true);
  });

  it('fails all that it was asked when it ends before it answers, and all that it is asked later', async () => {
    const thread = start('process.exit(3)');
    const asked = [thread.ask(close), thread.ask(close)];
    for (const answer of asked) await expect(answer).rejects.toThrow('ended with exit code 3');
    await expect(thread.ask(close)).rejects.toThrow('ended with exit code 3');
    expect(thread.sound()).toBe(false);
  });

  it('fails what it was asked with what it threw', async () => {
    const thread = start("throw new Error('out of memory')");
    await expect(thread.ask(close)).rejects.toThrow('out of memory');
    expect(thread.sound()).toBe(false);
  });

  it('is not sound any more once it refused, and says which update is to blame', async () => {
    const thread = start(
      "parentPort.postMessage({ kind: 'refused', slug: 'segment-tag', message: 'damaged', update: 7 })",
    );
    await expect(thread.ask(close)).rejects.toMatchObject({
      slug: 'segment-tag',
      update: 7,
      message: 'damaged',
    });
    expect(thread.sound()).toBe(false);
  });

  it('is not sound any more once it failed', async () => {
    const thread = start("parentPort.postMessage({ kind: 'failed', message: 'no memory' })");
    await expect(thread.ask(close)).rejects.toThrow('in an aggregation worker: no memory');
    expect(thread.sound()).toBe(false);
  });
});
