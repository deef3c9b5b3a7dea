import { afterAll, describe, expect, it } from 'vitest';
import {
  ended,
  openGate,
  outputOf,
  reaches,
  settle,
  start,
  startEngine,
  stopEngines,
  temporaryDirectory,
  until,
} from './engine-under-test.ts';

afterAll(stopEngines);

const waitingFor = (text: string | null | undefined): boolean => text?.includes('Approval') ?? false;

describe('external events', () => {
  it('reach an orchestration that waits, and the timer that lost is cancelled', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'approval');
    await until('it waits', () => waitingFor(engine.status(id)?.customStatus));
    expect(clock.waiting).toBe(1);
    expect(await engine.raiseEvent(id, 'Approval', '{"by":"ada"}')).toBe('accepted');
    const instance = await ended(engine, id);
    expect(outputOf(instance)).toEqual({ approved: { by: 'ada' }, stamped: 'stamped' });
    expect(JSON.parse(instance.customStatus ?? '')).toEqual({ outcome: 'approved' });
    expect(clock.waiting).toBe(0);
  });

  it('raised before the orchestration waits are kept in order, duplicates included', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'events', { count: 3 });
    await Promise.all(['1', '2', '2'].map((value) => engine.raiseEvent(id, 'tick', value)));
    expect(outputOf(await ended(engine, id))).toEqual([1, 2, 2]);
  });

  it('of a name that differs by case do not reach it', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'events', { count: 1 });
    await engine.raiseEvent(id, 'TICK', '1');
    await settle();
    expect(engine.status(id)?.status).toBe('Running');
    await engine.raiseEvent(id, 'tick', '2');
    expect(outputOf(await ended(engine, id))).toEqual([2]);
  });

  it('without a payload are undefined to the orchestrator', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'events', { count: 1 });
    await engine.raiseEvent(id, 'tick', null);
    expect(outputOf(await ended(engine, id))).toEqual([null]);
  });

  it('after the end, or to nobody, are refused', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'events', { count: 1 });
    await engine.raiseEvent(id, 'tick', '1');
    await ended(engine, id);
    expect(await engine.raiseEvent(id, 'tick', '1')).toBe('ended');
    expect(await engine.raiseEvent('nobody', 'tick', '1')).toBe('not-found');
  });

  it('that arrive after continue-as-new was called reach the next generation', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'inbox', { seen: [], until: 20 });
    const items = Array.from({ length: 20 }, (_, index) => `item ${index}`);
    await Promise.all(items.map((item) => engine.raiseEvent(id, 'item', JSON.stringify(item))));
    expect(outputOf(await ended(engine, id))).toEqual(items);
  });
});

describe('timers', () => {
  it('fire at their time, not before', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'sleep', { seconds: 30 });
    await until('the timer is armed', () => clock.waiting === 1);
    clock.advance(29_999);
    await settle();
    expect(engine.status(id)?.status).toBe('Running');
    clock.advance(1);
    expect(outputOf(await ended(engine, id))).toEqual({ slept: 30_000 });
  });

  it('of half a year need no splitting', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'sleep', { seconds: 180 * 86_400 });
    await until('the timer is armed', () => clock.waiting === 1);
    clock.advance(180 * 86_400_000);
    expect(outputOf(await ended(engine, id))).toEqual({ slept: 180 * 86_400_000 });
  });

  it('win over an event that never comes', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'approval');
    await until('the timer is armed', () => clock.waiting === 1);
    clock.advance(3_600_000);
    expect(outputOf(await ended(engine, id))).toEqual({ approved: false });
  });
});

describe('suspension', () => {
  it('holds events and timers back until resumed, and then loses none', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'events', { count: 2 });
    await engine.suspend(id, 'pause');
    await reaches(engine, id, 'Suspended');
    await engine.raiseEvent(id, 'tick', '1');
    await engine.raiseEvent(id, 'tick', '2');
    clock.advance(1_000);
    await settle();
    expect(engine.status(id)?.status).toBe('Suspended');
    await engine.resume(id, 'go on');
    expect(outputOf(await ended(engine, id))).toEqual([1, 2]);
  });

  it('twice, or a resumption of what runs, changes nothing', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'events', { count: 1 });
    await engine.resume(id, null);
    await engine.suspend(id, 'a');
    await engine.suspend(id, 'b');
    await reaches(engine, id, 'Suspended');
    await engine.resume(id, null);
    await engine.raiseEvent(id, 'tick', '7');
    expect(outputOf(await ended(engine, id))).toEqual([7]);
  });

  it('survives a restart of the engine', async () => {
    const dataDir = temporaryDirectory();
    const first = startEngine({ dataDir });
    const id = await start(first.engine, 'events', { count: 1 });
    await first.engine.suspend(id, null);
    await reaches(first.engine, id, 'Suspended');
    await first.engine.raiseEvent(id, 'tick', '3');
    await first.engine.close(0);
    const { engine } = startEngine({ dataDir });
    await settle();
    expect(engine.status(id)?.status).toBe('Suspended');
    await engine.resume(id, null);
    expect(outputOf(await ended(engine, id))).toEqual([3]);
  });
});

describe('termination', () => {
  it('ends an instance with the reason, also while it is suspended', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'approval');
    await engine.suspend(id, null);
    await reaches(engine, id, 'Suspended');
    await engine.terminate(id, 'enough');
    const instance = await ended(engine, id);
    expect(instance.status).toBe('Terminated');
    expect(outputOf(instance)).toBe('enough');
    expect(await engine.terminate(id, 'again')).toBe('ended');
  });

  it('drops the result of an activity that was running', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'gatedWork', undefined, 'terminated-while-busy');
    await settle();
    await engine.terminate(id, 'no');
    await ended(engine, id);
    await until('the activity has begun', () => openGate('terminated-while-busy'));
    await settle();
    expect(engine.status(id)?.status).toBe('Terminated');
  });
});

describe('starting', () => {
  it('under the id of a running instance is refused, under that of an ended one begins anew', async () => {
    const { engine } = startEngine();
    await start(engine, 'events', { count: 1 }, 'same');
    expect(await engine.start({ name: 'events', instanceId: 'same' })).toMatchObject({ kind: 'exists' });
    await engine.raiseEvent('same', 'tick', '1');
    await ended(engine, 'same');
    await start(engine, 'sequence', { count: 1 }, 'same');
    expect(outputOf(await ended(engine, 'same'))).toEqual([0]);
  });

  it('twice at once starts one', async () => {
    const { engine } = startEngine();
    const request = { name: 'sequence', instanceId: 'once', input: '{"count":1}' };
    const outcomes = await Promise.all([engine.start(request), engine.start(request), engine.start(request)]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['exists', 'exists', 'started']);
  });

  it('an unknown function or under an id that Azure forbids is refused', async () => {
    const { engine } = startEngine();
    expect(await engine.start({ name: 'echo' })).toEqual({ kind: 'unknown-function' });
    for (const instanceId of ['a/b', 'a#b', 'a?b', '@entity@x', 'x'.repeat(257), 'a\nb']) {
      expect(await engine.start({ name: 'sequence', instanceId })).toEqual({ kind: 'invalid-id' });
    }
  });

  it('a second engine on the same task hub is refused', async () => {
    const dataDir = temporaryDirectory();
    startEngine({ dataDir });
    expect(() => startEngine({ dataDir })).toThrow(/is in use by process/);
  });
});

describe('the custom status', () => {
  it('of 16 KB passes, one above fails the instance', async () => {
    const { engine } = startEngine();
    const fits = await start(engine, 'status', { bytes: 16 * 1024 - 4 });
    await until('it runs', () => engine.status(fits)?.customStatus);
    const tooLarge = await ended(engine, await start(engine, 'status', { bytes: 16 * 1024 + 2 }));
    expect(tooLarge.status).toBe('Failed');
    expect(outputOf(tooLarge)).toContain('custom status exceeds 16384 bytes');
    expect(engine.status(fits)?.status).toBe('Running');
  });
});
