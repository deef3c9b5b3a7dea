import { afterAll, describe, expect, it } from 'vitest';
import { everyHazard } from '../../../local/durable/strict.ts';
import {
  ended,
  openGate,
  outputOf,
  settle,
  start,
  startEngine,
  stopEngines,
  until,
} from './engine-under-test.ts';

afterAll(stopEngines);

describe('strict mode', () => {
  it.each([1, 2, 3, 5, 6, 7])(
    'fails an instance that runs into hazard %i, naming its page',
    async (number) => {
      const { engine, clock } = startEngine();
      const id = await start(engine, `hazard${number}`);
      const instance = await ended(engine, id, clock);
      expect(instance.status).toBe('Failed');
      expect(outputOf(instance)).toContain(`durable hazard ${number}:`);
      expect(outputOf(instance)).toContain(`docs/problems/durable-hazard-${number}.md`);
    },
  );

  it.each(['throwsUndefined', 'throwsText'])('takes %s for hazard 6', async (name) => {
    const { engine } = startEngine();
    expect(outputOf(await ended(engine, await start(engine, name)))).toContain('durable hazard 6:');
  });

  it('fails an instance whose continue-as-new drops events that nobody awaited', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'hazard4');
    await engine.raiseEvent(id, 'unwanted', '1');
    await engine.raiseEvent(id, 'wanted', '1');
    const instance = await ended(engine, id);
    expect(outputOf(instance)).toMatch(/durable hazard 4: .*unwanted/);
  });

  it('lets events be dropped that are declared to be mere wake-ups', async () => {
    const { engine } = startEngine({ strict: { hazards: everyHazard, wakeUpEvents: ['unwanted'] } });
    const id = await start(engine, 'hazard4');
    const first = engine.status(id)?.executionId;
    await engine.raiseEvent(id, 'unwanted', '1');
    await engine.raiseEvent(id, 'wanted', '1');
    await until('the next generation runs', () => engine.status(id)?.executionId !== first);
    expect(engine.status(id)?.status).toBe('Running');
  });

  it('keeps the orchestrator’s own error when it adds a hazard', async () => {
    const { engine } = startEngine();
    const instance = await ended(engine, await start(engine, 'failsWithOpenTimer'));
    expect(outputOf(instance)).toMatch(/own trouble; durable hazard 5: .*timer/);
  });

  it('lets an orchestration go on after Task.all failed fast, once the host has caught up', async () => {
    const { engine } = startEngine();
    const id = await start(engine, 'failFast', undefined, 'fails-fast');
    await until('the gate is there and opens', () => openGate(id));
    expect(outputOf(await ended(engine, id))).toBe('compensated');
  });

  it('finds no drift where a retried call races a timer that is then cancelled', async () => {
    const { engine, clock } = startEngine();
    const id = await start(engine, 'slowestWins', undefined, 'races');
    expect(outputOf(await ended(engine, id, clock))).toEqual(['races worked', 'next']);
  });

  it('finds nothing in orchestrations that do it right', async () => {
    const { engine, clock } = startEngine();
    const ids = [
      await start(engine, 'retriedTogether'),
      await start(engine, 'parent', { values: [1, 2] }),
      await start(engine, 'retried', { key: 'strict', times: 9, attempts: 2 }),
    ];
    for (const id of ids) expect((await ended(engine, id, clock)).status).toBe('Completed');
  });
});

describe('an orchestrator that is not deterministic', () => {
  it.each([500, 0])('fails, as on Azure, also when %i may wait in memory', async (sessions) => {
    const { engine, clock } = startEngine({ limits: { sessions } });
    const instance = await ended(engine, await start(engine, 'tossesCoins'), clock);
    expect(instance.status).toBe('Failed');
    expect(outputOf(instance)).toMatch(/not deterministic.*task 0 is activity '(echo|double)', and was/);
  });

  it('fails when it does not ask any more for what it has asked for', async () => {
    const { engine, clock } = startEngine({ limits: { sessions: 0 } });
    const id = await start(engine, 'losesInterest');
    await engine.raiseEvent(id, 'go', '1');
    const instance = await ended(engine, id, clock);
    expect(outputOf(instance)).toContain("task 0 was activity 'echo', and is not asked for now");
  });
});

describe('without strict mode', () => {
  it('an orchestrator that ended stays Running until its timer has fired, as on Azure', async () => {
    const { engine, clock, warnings } = startEngine({ strict: false });
    const id = await start(engine, 'hazard5');
    await until('it is named in a warning', () => warnings.some((text) => text.includes('stays Running')));
    await settle();
    expect(engine.status(id)?.status).toBe('Running');
    clock.advance(60_000);
    expect(outputOf(await ended(engine, id))).toBe('ended with an open timer');
  });

  it('a text given to continue-as-new arrives encoded twice, as on Azure', async () => {
    const { engine } = startEngine({ strict: false });
    expect(outputOf(await ended(engine, await start(engine, 'hazard7')))).toBe('"a text"');
  });

  it.each(['activity', 'child'])(
    'an orchestrator that ended waits for its open %s, as on Azure',
    async (kind) => {
      const { engine, warnings } = startEngine({ strict: false });
      const id = await start(engine, 'leavesWorkOpen', { kind }, `leaves-${kind}`);
      await until('it is named in a warning', () => warnings.some((text) => text.includes('stays Running')));
      await settle();
      expect(engine.status(id)?.status).toBe('Running');
      await until('the gate is there and opens', () => openGate(id));
      expect(outputOf(await ended(engine, id))).toBe('left');
    },
  );

  it('an error without a message hangs, as on Azure, with a warning', async () => {
    const { engine, warnings } = startEngine({ strict: false });
    const id = await start(engine, 'hazard6');
    await until('it is named in a warning', () =>
      warnings.some((text) => text.includes('without a message')),
    );
    expect(engine.status(id)?.status).toBe('Running');
  });
});
