/**
 * The engine keeps orchestrators in memory between episodes. These tests make up orchestrations and check that this
 * never decides otherwise than a replay of the whole history does.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { DurableEngine } from '../../../local/durable/engine.ts';
import { EventType, type HistoryEvent } from '../../../local/durable/events.ts';
import { hasEnded } from '../../../local/durable/instance.ts';
import { replayHistory } from '../../../local/durable/replay-history.ts';
import { sdkV3 } from '../../../local/durable/sdk-v3/sdk-v3.ts';
import { everyHazard } from '../../../local/durable/strict.ts';
import {
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
import type { Atom, Step } from './fixture/generated.ts';

afterAll(stopEngines);

const small = fc.integer({ min: 1, max: 5 });
/** Never a retried call in a Task.all: that is hazard 2. */
const plain: fc.Arbitrary<Atom> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('activity' as const), value: small }) },
  fc.record({ kind: fc.constant('failing' as const), value: small }),
  fc.record({ kind: fc.constant('timer' as const), seconds: small }),
  fc.record({ kind: fc.constant('event' as const), name: fc.constantFrom('tick', 'tock') }),
  fc.record({ kind: fc.constant('child' as const), value: fc.integer({ min: -1, max: 3 }) }),
);
const retried: fc.Arbitrary<Atom> = fc.record({
  kind: fc.constant('retried' as const),
  key: fc.constantFrom('a', 'b'),
  times: fc.integer({ min: 0, max: 3 }),
  attempts: fc.integer({ min: 1, max: 3 }),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('one' as const), atoms: fc.tuple(fc.oneof(plain, retried)) }),
    fc.record({ kind: fc.constant('all' as const), atoms: fc.array(plain, { minLength: 1, maxLength: 4 }) }),
    fc.record({ kind: fc.constant('race' as const), atom: fc.oneof(plain, retried), seconds: small }),
    fc.record({ kind: fc.constant('status' as const), value: small }),
  ),
  { minLength: 1, maxLength: 7 },
);
/** What a run does between the turns of the engine. */
const moves = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), milliseconds: fc.integer({ min: 1, max: 2_500 }) }),
    fc.record({ kind: fc.constant('raise' as const), name: fc.constantFrom('tick', 'tock') }),
    fc.constant({ kind: 'wait' as const }),
  ),
  { minLength: 4, maxLength: 20 },
);

/** An engine whose activities take their time, and which counts how often an orchestrator was invoked. */
function engineWith(sessions: number) {
  const counted = { invocations: 0, of: new Map<string, number>() };
  let turn = 0;
  const started = startEngine({
    limits: { maxConcurrentActivityFunctions: 20, sessions },
    invoke: {
      orchestrator(name, trigger) {
        counted.invocations++;
        const { instanceId } = trigger as { instanceId: string };
        counted.of.set(instanceId, (counted.of.get(instanceId) ?? 0) + 1);
        return invoke.orchestrator(name, trigger);
      },
      async activity(name, input, instanceId) {
        for (let left = turn++ % 4; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
        return invoke.activity(name, input, instanceId);
      },
    },
  });
  return { ...started, counted };
}

type Clock = ReturnType<typeof engineWith>['clock'];

async function play(
  engine: DurableEngine,
  clock: Clock,
  id: string,
  script: readonly (
    | { kind: 'pass'; milliseconds: number }
    | { kind: 'raise'; name: string }
    | { kind: 'wait' }
  )[],
): Promise<void> {
  let raised = 0;
  for (const move of script) {
    if (move.kind === 'pass') clock.advance(move.milliseconds);
    else if (move.kind === 'raise') await engine.raiseEvent(id, move.name, String(raised++));
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await until(`${id} ended`, () => {
    clock.advance(700);
    for (const name of ['tick', 'tock']) void engine.raiseEvent(id, name, String(raised++));
    const instance = engine.status(id);
    return instance && hasEnded(instance.status);
  });
}

const episodes = (history: readonly HistoryEvent[]): number =>
  history.filter((event) => event.EventType === EventType.OrchestratorStarted).length;

const truth = sdkV3(invoke.orchestrator, { hazards: everyHazard });

describe('an orchestrator that waits in memory', () => {
  it('decides as a replay of its whole history does, whatever it does', async () => {
    const { engine, clock, counted } = engineWith(500);
    let serial = 0;
    await fc.assert(
      fc.asyncProperty(steps, moves, async (program, script) => {
        const id = await start(engine, 'generated', program, `generated-${serial++}`);
        await play(engine, clock, id, script);
        const instance = engine.status(id);
        if (instance === undefined) throw new Error('the instance is gone');
        const history = engine.history(instance);
        // The first episode and the last are replays, and waiting for the loser of a race takes more (see hostLeads).
        if (!program.some(({ kind }) => kind === 'race')) {
          expect(counted.of.get(id)).toBeLessThanOrEqual(2);
        }
        expect(await replayHistory(truth, { instance, history })).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it('and one that never does, give the same results', async () => {
    const kept = engineWith(500);
    const replayed = engineWith(0);
    const program: Step[] = [
      { kind: 'one', atoms: [{ kind: 'retried', key: 'a', times: 2, attempts: 3 }] },
      { kind: 'all', atoms: [1, 2, 3].map((value) => ({ kind: 'activity', value })) },
      { kind: 'race', atom: { kind: 'activity', value: 9 }, seconds: 5 },
      { kind: 'one', atoms: [{ kind: 'child', value: -1 }] },
      { kind: 'one', atoms: [{ kind: 'timer', seconds: 3 }] },
    ];
    const results: unknown[] = [];
    for (const { engine, clock } of [kept, replayed]) {
      const id = await start(engine, 'generated', program, 'same');
      results.push((outputOf(await ended(engine, id, clock)) as unknown[]).filter((seen) => !isTime(seen)));
    }
    expect(results[0]).toEqual(results[1]);
    expect(kept.counted.invocations).toBe(3); // its first and last episode, and its child, which has one only
    expect(replayed.counted.invocations).toBeGreaterThan(8);
  });

  it('makes room for others, and is replayed when it is needed again', async () => {
    const { engine, clock, counted } = engineWith(2);
    const ids = await Promise.all(
      [0, 1, 2, 3].map((n) => start(engine, 'events', { count: 3 }, `room-${n}`)),
    );
    for (let round = 0; round < 3; round++) {
      for (const id of ids) {
        await engine.raiseEvent(id, 'tick', String(round));
        await settle();
      }
    }
    for (const id of ids) {
      const instance = await ended(engine, id, clock);
      expect(outputOf(instance)).toEqual([0, 1, 2]);
      expect(await replayHistory(truth, { instance, history: engine.history(instance) })).toBeUndefined();
      expect(episodes(engine.history(instance))).toBeGreaterThanOrEqual(3);
    }
    expect(counted.invocations).toBeGreaterThan(ids.length * 3);
  });

  it('is given up after a fault, and the replay goes on without a trace of it', async () => {
    let broken = true;
    const { engine, clock, warnings } = startEngine({
      invoke: {
        ...invoke,
        async orchestrator(name, trigger) {
          const invocation = await invoke.orchestrator(name, trigger);
          if (!broken) return invocation;
          broken = false;
          const { df } = invocation.context as { df: { taskOrchestratorExecutor: object } };
          Reflect.set(df.taskOrchestratorExecutor, 'processEvent', () => {
            throw new Error('another shape');
          });
          return invocation;
        },
      },
    });
    const instance = await ended(engine, await start(engine, 'sequence', { count: 3 }), clock);
    expect(outputOf(instance)).toEqual([0, 2, 4]);
    expect(warnings).toEqual(['host fault 1: another shape']);
  });

  it('is gone with its process, and the next one replays', async () => {
    const dataDir = temporaryDirectory();
    const first = startEngine({ dataDir });
    const id = await start(first.engine, 'events', { count: 2 });
    await first.engine.raiseEvent(id, 'tick', '"before"');
    await settle();
    await first.engine.close(0);
    const { engine } = startEngine({ dataDir });
    await engine.raiseEvent(id, 'tick', '"after"');
    expect(outputOf(await ended(engine, id))).toEqual(['before', 'after']);
  });

  it('is not kept for an app whose hooks want to see every invocation', async () => {
    const { engine, clock } = startEngine({
      invoke: {
        ...invoke,
        orchestrator: async (name, trigger) => ({
          ...(await invoke.orchestrator(name, trigger)),
          mayGoOn: false,
        }),
      },
    });
    expect(outputOf(await ended(engine, await start(engine, 'sequence', { count: 3 }), clock))).toEqual([
      0, 2, 4,
    ]);
  });
});

const isTime = (seen: unknown): boolean => typeof seen === 'number' && seen > 1_000_000;
