import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ifPresent } from '../../agent/durable-file.ts';
import { type Journal, openJournal } from '../../agent/journal.ts';
import { journalEntry } from '../../agent/journal-entry.ts';
import { plainReply } from '../../shared/contracts/reply.ts';
import { EXPERIMENT, exampleModel, planFor, startCoordinatorPeer } from './support/coordinator-peer.ts';
import { eventually } from './support/eventually.ts';
import { admitted } from './support/open-reply.ts';
import { startSiloPeer } from './support/silo-peer.ts';

const model = exampleModel();
const participation = `${EXPERIMENT}.1.1.hospital-a`;

/** A journal whose owner dies at its nth write: before the disk has it, or right after. */
function dyingJournal(nth: number, when: 'before' | 'after', die: () => void): typeof openJournal {
  let writes = 0;
  async function write<T>(work: () => Promise<T>): Promise<T> {
    writes += 1;
    if (writes > nth) throw new Error('dead');
    if (writes < nth) return work();
    if (when === 'after') await work();
    die();
    throw new Error('dead');
  }
  return async (directory, log): Promise<Journal> => {
    const journal = await openJournal(directory, log);
    return {
      ...journal,
      add: (silo, plan) => write(() => journal.add(silo, plan)),
      move: (from, state) => write(() => journal.move(from, state)),
    };
  };
}

/** The step that the journal on disk names; undefined before there is an entry. */
async function journalledStep(directory: string): Promise<string | undefined> {
  const text = await ifPresent(readFile(join(directory, 'journal', `${participation}.json`), 'utf8'));
  return text === undefined ? undefined : journalEntry.parse(JSON.parse(text)).state.step;
}

// Writes of one update: received, trained, sealed, uploaded, replied.
const points = [1, 2, 3, 4, 5].flatMap((nth) => [
  { nth, when: 'before' as const },
  { nth, when: 'after' as const },
]);

for (const { nth, when } of points) {
  test(`an agent that dies ${when} journal write ${nth} goes on with one training effect and the same bytes`, async () => {
    const coordinator = await startCoordinatorPeer(model);
    const peer = await startSiloPeer(coordinator);
    const plan = planFor(model);
    let died = false;
    let crash = (): void => undefined;
    const stop = peer.start({
      journalAt: (directory, log) =>
        dyingJournal(nth, when, () => {
          died = true;
          crash();
        })(directory, log),
      onCrash: (abort) => {
        crash = abort;
      },
    });
    void peer.deliver(coordinator.plan(plan));
    await eventually(() => died, 'the crash');
    await stop();
    const sentBefore = peer.replies.map(({ body }) => body);
    const blobsBefore = [...peer.blobs.keys()];

    peer.start();
    await eventually(
      async () => (await journalledStep(peer.config.workDirectory)) === 'replied',
      'the reply after the restart',
    );
    // Training ran again only where its end had not been kept, and from the same state as the first time.
    const trainings = await peer.trainings();
    expect(new Set(trainings)).toEqual(new Set(['train r1 state=0']));
    expect(trainings).toHaveLength(1);
    // Whatever was sent or stored before the crash is what was sent and stored after it.
    for (const body of sentBefore) expect(peer.replies.at(-1)?.body).toEqual(body);
    expect(new Set(peer.replies.map(({ messageId }) => messageId)).size).toBe(1);
    if (blobsBefore.length > 0) expect([...peer.blobs.keys()]).toEqual(blobsBefore);
    expect(peer.blobs.size).toBe(1);
    await admitted(peer, plan, peer.replies.at(-1)?.body);
  });
}

test('stores and brokers that fail before or after the effect get the same bytes again', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const peer = await startSiloPeer(coordinator);
  const plan = planFor(model);
  peer.faults.sign.push('fail', 'fail');
  peer.faults.upload.push('before', 'after', 'after');
  peer.faults.send.push('before', 'after');
  peer.start();
  await peer.deliver(coordinator.plan(plan));
  await eventually(() => peer.replies.length === 2, 'the reply and its repetition');
  expect(peer.replies[1]).toEqual(peer.replies[0]);
  expect(peer.blobs.size).toBe(1);
  expect(await peer.trainings()).toHaveLength(1);
  await admitted(peer, plan, peer.replies[0]?.body);
});

test('a failed training is told once, though the vault was away and the agent was restarted', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const peer = await startSiloPeer(coordinator, { trainer: 'scripted' });
  peer.faults.sign.push(...Array.from({ length: 1_000 }, () => 'fail' as const));
  const stop = peer.start();
  const task = { config: { behaviour: 'exit1' }, seed: 1, metrics: [] };
  await peer.deliver(coordinator.plan(planFor(model, { task })));
  await eventually(
    () => peer.logLines.some((line) => line.includes('vault unreachable')),
    'a failed signature',
  );
  await stop();
  peer.faults.sign.length = 0;
  peer.start();
  await eventually(() => peer.replies.length === 1, 'the reply');
  expect(plainReply.parse(peer.replies[0]?.body).body.kind).toBe('failed');
  expect(await peer.trainings()).toHaveLength(1);
});

test('a training that was interrupted starts again from the same state', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const peer = await startSiloPeer(coordinator, { trainer: 'scripted' });
  const stop = peer.start();
  const task = { config: { behaviour: 'fork' }, seed: 1, metrics: [] };
  await peer.deliver(coordinator.plan(planFor(model, { task })));
  await eventually(async () => (await peer.trainings()).length === 1, 'the first try');
  await stop();
  peer.start();
  await eventually(async () => (await peer.trainings()).length === 2, 'the second try');
  expect(peer.replies).toEqual([]);
});
