import { afterAll, describe, expect, it } from 'vitest';
import { calls, ended, outputOf, start, startEngine, stopEngines } from './engine-under-test.ts';

afterAll(stopEngines);

describe('orchestrations', () => {
  it('run activities one after the other and give each its own result', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'sequence', { count: 12 }));
    expect(outputOf(instance)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]);
  });

  it('fan out and join', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'fanOut', { count: 200 }));
    expect(outputOf(instance)).toBe(200 * 199);
  });

  it('hand inputs and results over unchanged', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'inputs', { big: ['x'] }));
    expect(outputOf(instance)).toEqual([
      'a "quoted" text',
      '42',
      { nested: [1, null, 'ü'], fireAt: 'soon' },
      null,
      { big: ['x'] },
    ]);
  });

  it('see failed activities as errors with their type and message', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'catches'));
    expect(outputOf(instance)).toEqual({ type: 'RangeError', message: 'refused: no' });
  });

  it('fail with what they threw', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'failsAfterActivity'));
    expect(instance.status).toBe('Failed');
    expect(outputOf(instance)).toContain(
      "Orchestrator function 'failsAfterActivity' failed: RangeError: refused: no",
    );
  });

  it('keep ids and time the same in every replay', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'determinism'));
    expect(outputOf(instance)).toEqual([false, [expect.any(String), '2026-01-01T00:00:00.000Z']]);
  });

  it('fail when they name an activity that does not exist', async () => {
    const { engine } = startEngine({
      functions: new Map([['sequence', 'orchestrator']]),
    });
    const instance = await ended(engine, await start(engine, 'sequence', { count: 1 }));
    expect(outputOf(instance)).toContain("The function 'double' doesn't exist");
  });
});

describe('retries', () => {
  it('call again with growing pauses until the activity works', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'retried', { key: 'grows', times: 2, attempts: 5 });
    const instance = await ended(engine, id, clock);
    expect(outputOf(instance)).toEqual(['grows worked', 'after']);
    expect(instance.updatedAt - instance.createdAt).toBeGreaterThanOrEqual(3_000);
  });

  it('give the last error when attempts are exhausted, and the next task its own result', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'retried', { key: 'hopeless', times: 99, attempts: 3 });
    const instance = await ended(engine, id, clock);
    expect(outputOf(instance)).toEqual(['Error: flaky hopeless, 97 left', 'caught']);
    expect(calls.filter(({ input }) => (input as { key?: string } | null)?.key === 'hopeless')).toHaveLength(
      3,
    );
  });

  it('may run side by side', async () => {
    const { engine, clock } = startEngine();
    const instance = await ended(engine, await start(engine, 'retriedTogether'), clock);
    expect(outputOf(instance)).toEqual([3, 'joined']);
  });
});

describe('sub-orchestrations', () => {
  it('return their results in the order in which they were called', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'parent', { values: [3, 1, 2] }));
    expect(outputOf(instance)).toEqual([6, 2, 4]);
  });

  it('fail in their parent with their own message', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'parent', { values: [-1] }));
    expect(outputOf(instance)).toEqual({ failed: 'negative' });
  });

  it('run under the id that the parent chose, once', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'parent', { values: [5], ids: ['chosen'] });
    await ended(engine, id);
    const child = engine.status('chosen');
    expect(child).toMatchObject({ status: 'Completed', output: '10', parent: { instanceId: id } });
  });

  it('are refused under the id of a running instance, and the parent hears of it', async () => {
    const { engine } = startEngine();
    await start(engine, 'events', { count: 1 }, 'taken');
    const instance = await ended(engine, await start(engine, 'parent', { values: [5], ids: ['taken'] }));
    expect(outputOf(instance)).toEqual({
      failed: expect.stringMatching(/'taken' is already (Pending|Running)/),
    });
    expect(engine.status('taken')?.name).toBe('events');
  });
});

describe('sub-orchestrations with retries', () => {
  it('are started again until one works', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'retriedChild', { key: 'child-works', times: 2, attempts: 3 });
    expect(outputOf(await ended(engine, id, clock))).toEqual([['kept', 'child-works worked'], 'after']);
  });

  it('give the last error when attempts are exhausted, and the next task its own result', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'retriedChild', { key: 'child-fails', times: 9, attempts: 2 });
    const [message, next] = outputOf(await ended(engine, id, clock)) as string[];
    expect(message).toContain('flaky child-fails, 8 left');
    expect(next).toBe('caught');
    const children = engine.list({}, 100)?.instances.filter(({ name }) => name === 'flakyChild');
    expect(children?.map(({ status }) => status)).toEqual(['Failed', 'Failed']);
  });
});

describe('versions', () => {
  it('reach the orchestrator that they are given to, and its parent’s id the child', async () => {
    const { engine } = startEngine();
    await engine.start({ name: 'versioned', instanceId: 'versioned', version: '3.0' });
    const [own, child, parent] = outputOf(await ended(engine, 'versioned')) as unknown[];
    expect([own, child, parent]).toEqual(['3.0', ['7.1', 'versioned'], null]);
  });
});

describe('continue-as-new', () => {
  it('carries a small state through 200 generations and keeps one generation of history', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'loop', { left: 200, sum: 0 });
    const instance = await ended(engine, id);
    expect(outputOf(instance)).toBe(200 * 201);
    expect(engine.history(instance).length).toBeLessThan(10);
  });
});

describe('what the embedded host does not run', () => {
  it.each([
    ['usesEntities', 'callEntity'],
    ['usesHttp', 'callHttp'],
  ])('%s fails the orchestration and is named', async (name, action) => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, name));
    expect(instance.status).toBe('Failed');
    expect(outputOf(instance)).toContain(`not supported by the embedded host: ${action}`);
  });
});
