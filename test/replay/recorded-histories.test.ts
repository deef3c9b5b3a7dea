import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EventType, type HistoryEvent } from '../../local/durable/events.ts';
import {
  decodeRecording,
  encodeRecording,
  type RecordedHistory,
  replayHistory,
} from '../../local/durable/replay-history.ts';
import { sdkV3 } from '../../local/durable/sdk-v3/sdk-v3.ts';
import { ended, invoke, start, startEngine, stopEngines, until } from '../local/durable/engine-under-test.ts';

const protocol = sdkV3(invoke.orchestrator, undefined);
const corpus = join(import.meta.dirname, 'histories');
afterAll(stopEngines);

/** Runs the engine's fixture orchestrations and gives their histories. */
async function record(): Promise<Map<string, RecordedHistory>> {
  const { engine, clock } = startEngine();
  const recorded = new Map<string, RecordedHistory>();
  const keep = async (file: string, id: string): Promise<void> => {
    const instance = await ended(engine, id, clock);
    recorded.set(file, { instance, history: engine.history(instance) });
  };
  await keep('sequence', await start(engine, 'sequence', { count: 4 }, 'rec-sequence'));
  await keep('fan-out', await start(engine, 'fanOut', { count: 12 }, 'rec-fan-out'));
  const retry = { key: 'recorded', times: 2, attempts: 4 };
  await keep('retry-that-works', await start(engine, 'retried', retry, 'rec-retry'));
  const hopeless = { key: 'recorded-hopeless', times: 9, attempts: 3 };
  await keep('retry-exhausted', await start(engine, 'retried', hopeless, 'rec-exhausted'));
  await keep('retries-together', await start(engine, 'retriedTogether', null, 'rec-together'));
  await keep('children', await start(engine, 'parent', { values: [1, 2] }, 'rec-children'));
  await keep('failed-child', await start(engine, 'parent', { values: [-1] }, 'rec-failed-child'));
  await keep('failed', await start(engine, 'failsAfterActivity', null, 'rec-failed'));

  const approved = await start(engine, 'approval', null, 'rec-approved');
  await until('it waits', () => engine.status(approved)?.customStatus);
  await engine.raiseEvent(approved, 'Approval', '{"by":"ada"}');
  await keep('event-before-deadline', approved);
  const expired = await start(engine, 'approval', null, 'rec-expired');
  await until('it waits', () => engine.status(expired)?.customStatus);
  clock.advance(3_600_000);
  await keep('deadline-before-event', expired);

  const paused = await start(engine, 'events', { count: 2 }, 'rec-paused');
  await engine.suspend(paused, 'a pause');
  await engine.raiseEvent(paused, 'tick', '1');
  await engine.resume(paused, null);
  await engine.raiseEvent(paused, 'tick', '2');
  await keep('suspended-between', paused);
  return recorded;
}

// RECORD_HISTORIES=1 writes the corpus anew; a change in it is a change that breaks running instances.
if (process.env['RECORD_HISTORIES'] === '1') {
  for (const [file, recording] of await record()) {
    writeFileSync(join(corpus, `${file}.json`), encodeRecording(recording));
  }
}

describe('a recorded history', () => {
  const files = readdirSync(corpus).filter((file) => file.endsWith('.json'));

  it('is there for every kind of decision', () => {
    expect(files.length).toBeGreaterThanOrEqual(11);
  });

  it.each(files)('%s leads to the same decisions today', async (file) => {
    const recording = decodeRecording(readFileSync(join(corpus, file), 'utf8'));
    expect(await replayHistory(protocol, recording)).toBeUndefined();
  });

  it('of which the code has changed is found out, with the episode', async () => {
    const { instance, history } = decodeRecording(readFileSync(join(corpus, 'sequence.json'), 'utf8'));
    const changed = history.map(
      (event): HistoryEvent =>
        event.EventType === EventType.TaskScheduled && event.EventId === 2
          ? { ...event, Name: 'anotherActivity' }
          : event,
    );
    const divergence = await replayHistory(protocol, { instance, history: changed });
    expect(divergence).toMatchObject({
      episode: 2,
      recorded: ['activity 2 anotherActivity 2'],
      replayed: ['activity 2 double 2'],
    });
  });
});

describe('a history just made', () => {
  it('replays to what it was made of, for every fixture', async () => {
    for (const [file, recording] of await record()) {
      expect([file, await replayHistory(protocol, recording)]).toEqual([file, undefined]);
    }
  });
});
