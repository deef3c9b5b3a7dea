import { afterAll, describe, expect, it } from 'vitest';
import { EventType } from '../../../local/durable/events.ts';
import {
  calls,
  ended,
  invoke,
  outputOf,
  settle,
  start,
  startEngine,
  stopEngines,
  temporaryDirectory,
  until,
} from './engine-under-test.ts';

afterAll(stopEngines);

describe('rewinding', () => {
  it('runs what failed again and keeps what succeeded, also in children', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'parentOfFlaky', { key: 'rewound', times: 1 });
    expect((await ended(engine, id)).status).toBe('Failed');
    const keptBefore = calls.filter(({ input }) => input === 'kept').length;
    expect(await engine.rewind(id, 'fixed')).toBe('accepted');
    expect(outputOf(await ended(engine, id))).toEqual(['kept', 'rewound worked']);
    expect(calls.filter(({ input }) => input === 'kept')).toHaveLength(keptBefore);
  });

  it('gives an exhausted retry its last attempt again', async () => {
    const { engine, clock } = startEngine();
    const failing = await start(engine, 'retriedFails', { key: 'again', times: 2, attempts: 2 });
    expect((await ended(engine, failing, clock)).status).toBe('Failed');
    await engine.rewind(failing, null);
    expect(outputOf(await ended(engine, failing, clock))).toBe('again worked');
  });

  it('is for failed instances only', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'sequence', { count: 1 });
    await ended(engine, id);
    expect(await engine.rewind(id, null)).toBe('not-failed');
    expect(await engine.rewind('nobody', null)).toBe('not-found');
  });
});

describe('restarting', () => {
  it('runs the same function with the same input under a new id', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'sequence', { count: 3 });
    await ended(engine, id);
    const again = await engine.restart(id, false);
    if (again === 'not-found' || again.kind !== 'started') throw new Error('not restarted');
    expect(again.instanceId).not.toBe(id);
    expect(outputOf(await ended(engine, again.instanceId))).toEqual([0, 2, 4]);
  });

  it('under the same id replaces an ended instance and no running one', async () => {
    const { engine } = startEngine();
    const done = await start(engine, 'sequence', { count: 2 }, 'done');
    const before = (await ended(engine, done)).executionId;
    expect(await engine.restart(done, true)).toEqual({ kind: 'started', instanceId: 'done' });
    const again = await ended(engine, done);
    expect([outputOf(again), again.executionId === before]).toEqual([[0, 2], false]);
    const running = await start(engine, 'events', { count: 1 }, 'running');
    expect(await engine.restart(running, true)).toMatchObject({ kind: 'exists' });
    expect(await engine.restart('nobody', true)).toBe('not-found');
  });
});

describe('purging', () => {
  it('removes an ended instance and nothing that runs', async () => {
    const { engine } = startEngine();
    const done = await start(engine, 'sequence', { count: 1 });
    const running = await start(engine, 'events', { count: 1 });
    await ended(engine, done);
    expect(await engine.purge(done)).toBe(1);
    expect(await engine.purge(done)).toBe(0);
    expect(await engine.purge(running)).toBe(0);
    expect(engine.status(done)).toBeUndefined();
    expect(await engine.purgeBy({ createdFrom: 0 })).toBe(0);
    expect(engine.status(running)).toBeDefined();
  });

  it('by a filter removes what ended and matches', async () => {
    const { engine, clock } = startEngine();
    const failing = await start(engine, 'failsAfterActivity', null, 'failing');
    const early = await start(engine, 'sequence', { count: 1 }, 'early');
    await Promise.all([ended(engine, failing), ended(engine, early)]);
    clock.advance(10_000);
    const late = await start(engine, 'sequence', { count: 1 }, 'late');
    await ended(engine, late);
    expect(await engine.purgeBy({ createdFrom: 0, statuses: ['Failed'] })).toBe(1);
    expect(await engine.purgeBy({ createdFrom: 0, createdTo: clock.now() - 5_000 })).toBe(1);
    expect(engine.list({}, 10)?.instances.map(({ instanceId }) => instanceId)).toEqual(['late']);
  });
});

describe('listing', () => {
  it('pages through instances by creation, and filters', async () => {
    const { engine, clock } = startEngine();
    for (let index = 0; index < 7; index++) {
      await start(engine, index % 2 ? 'events' : 'sequence', { count: 0 }, `list-${index}`);
      clock.advance(1_000);
    }
    await settle();
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = engine.list({ instanceIdPrefix: 'list-' }, 3, token);
      seen.push(...(page?.instances.map(({ instanceId }) => instanceId) ?? []));
      token = page?.continuation;
    } while (token !== undefined);
    expect(seen).toEqual(Array.from({ length: 7 }, (_, index) => `list-${index}`));
    const from = Date.parse('2026-01-01T00:00:05Z');
    expect(engine.list({ createdFrom: from, statuses: ['Completed'] }, 10)?.instances).toHaveLength(2);
    expect(engine.list({}, 10, 'no token of ours')).toBeUndefined();
  });
});

describe('faults of the host', () => {
  it('are retried, and five in a row fail the instance with the reason', async () => {
    let attempts = 0;
    const { engine, clock } = startEngine({
      invoke: {
        ...invoke,
        orchestrator: () => {
          attempts++;
          return Promise.reject(new Error('the pipeline is broken'));
        },
      },
    });
    const instance = await ended(engine, await start(engine, 'sequence', { count: 1 }), clock);
    expect(attempts).toBe(5);
    expect(outputOf(instance)).toContain('host fault, 5 times: the pipeline is broken');
  });

  it('that pass leave no trace', async () => {
    let faults = 3;
    const { engine, clock } = startEngine({
      invoke: {
        ...invoke,
        orchestrator: (name, trigger) =>
          faults-- > 0 ? Promise.reject(new Error('not now')) : invoke.orchestrator(name, trigger),
      },
    });
    const instance = await ended(engine, await start(engine, 'sequence', { count: 3 }), clock);
    expect(outputOf(instance)).toEqual([0, 2, 4]);
  });

  it('of an event that cannot be read are not retried for ever', async () => {
    const { engine, clock, warnings } = startEngine();
    const id = await start(engine, 'events', { count: 2 });
    await engine.raiseEvent(id, 'tick', '1');
    await settle();
    await engine.raiseEvent(id, 'tick', '{ no JSON');
    const instance = await ended(engine, id, clock);
    expect(instance.status).toBe('Failed');
    expect(outputOf(instance)).toMatch(/host fault, 5 times: .*JSON/);
    expect(warnings.filter((text) => text.startsWith('host fault'))).toHaveLength(5);
  });

  it('of a function that is no generator are named', async () => {
    const { engine, clock } = startEngine();
    const instance = await ended(engine, await start(engine, 'notAGenerator'), clock);
    expect(instance.status).toBe('Failed');
  });
});

describe('a new process', () => {
  it('takes up instances where the old one left them, without running completed activities again', async () => {
    const dataDir = temporaryDirectory();
    const first = startEngine({ dataDir });
    const id = await start(first.engine, 'approval', undefined, 'resumed');
    await until('it waits', () => first.engine.status(id)?.customStatus);
    await first.engine.raiseEvent(id, 'Approval', '"early"');
    await first.engine.close(0);
    const stampedBefore = calls.filter(({ input }) => input === 'stamped').length;

    const { engine } = startEngine({ dataDir });
    expect(outputOf(await ended(engine, id))).toEqual({ approved: 'early', stamped: 'stamped' });
    expect(calls.filter(({ input }) => input === 'stamped').length - stampedBefore).toBeLessThanOrEqual(1);
  });

  it('fires a timer that came due while nobody ran', async () => {
    const dataDir = temporaryDirectory();
    const first = startEngine({ dataDir });
    const id = await start(first.engine, 'sleep', { seconds: 100 });
    await until('the timer is armed', () => first.clock.waiting === 1);
    await first.engine.close(0);
    const { engine, clock } = startEngine({ dataDir });
    clock.advance(3_600_000);
    const instance = await ended(engine, id);
    expect(outputOf(instance)).toMatchObject({ slept: expect.any(Number) });
  });

  it('keeps a history that a reader understands', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'sequence', { count: 2 }));
    expect(engine.history(instance).map(({ EventType: type }) => type)).toEqual([
      EventType.OrchestratorStarted,
      EventType.ExecutionStarted,
      EventType.TaskScheduled,
      EventType.OrchestratorCompleted,
      EventType.OrchestratorStarted,
      EventType.TaskCompleted,
      EventType.TaskScheduled,
      EventType.OrchestratorCompleted,
      EventType.OrchestratorStarted,
      EventType.TaskCompleted,
      EventType.ExecutionCompleted,
      EventType.OrchestratorCompleted,
    ]);
  });
});
