import { expect, test } from 'vitest';
import type { JournalEntry } from '../../agent/journal-entry.ts';
import type { Clock, Outbox } from '../../agent/ports.ts';
import { startProgress } from '../../agent/progress.ts';
import { exampleModel, planFor } from './support/coordinator-peer.ts';

const entry = { plan: planFor(exampleModel()) } as JournalEntry;
const clock = { now: () => 0 } as Clock;

/** A broker whose sends end when the test says so. */
function slowBroker() {
  const sends: { readonly stage: string; readonly end: (error?: Error) => Promise<void> }[] = [];
  const outbox: Outbox = {
    send: (_queue, { body }) =>
      new Promise((resolve, reject) => {
        const end = async (error?: Error): Promise<void> => {
          if (error === undefined) resolve();
          else reject(error);
          await new Promise((later) => setImmediate(later));
        };
        sends.push({ stage: (body as { stage: string }).stage, end });
      }),
    close: async () => undefined,
  };
  const progress = startProgress({ outbox, clock, silo: 'north', agent: 'test', intervalMs: 1_000 });
  return { progress, sends, stages: () => sends.map(({ stage }) => stage) };
}

test('a stage that begins while a signal is on its way is told afterwards, not at the next interval', async () => {
  const { progress, sends, stages } = slowBroker();
  progress.stage(entry, 'received');
  progress.stage(entry, 'training');
  expect(stages()).toEqual(['received']);
  await sends[0]?.end();
  expect(stages()).toEqual(['received', 'training']);
});

test('of several stages that pass meanwhile the latest is told, also where the signal before it is lost', async () => {
  const { progress, sends, stages } = slowBroker();
  progress.stage(entry, 'received');
  progress.stage(entry, 'downloading');
  progress.stage(entry, 'training');
  await sends[0]?.end(new Error('the connection dropped'));
  await sends[1]?.end();
  expect(stages()).toEqual(['received', 'training']);
  progress.stage(entry, 'sealing');
  expect(stages()).toEqual(['received', 'training', 'sealing']);
});
