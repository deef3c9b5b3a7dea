import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OutgoingMessage } from '../../agent/ports.ts';
import { sealedReply } from '../../shared/contracts/manifest.ts';
import { plainReply } from '../../shared/contracts/reply.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import {
  DIGEST,
  EXPERIMENT,
  exampleModel,
  planFor,
  signer,
  startCoordinatorPeer,
} from './support/coordinator-peer.ts';
import { eventually } from './support/eventually.ts';
import { admitted } from './support/open-reply.ts';
import { type SiloPeer, startSiloPeer } from './support/silo-peer.ts';

const model = exampleModel();
const participation = `${EXPERIMENT}.1.1.hospital-a`;

async function silo(options: Parameters<typeof startSiloPeer>[1] = {}) {
  const coordinator = await startCoordinatorPeer(model);
  return { coordinator, peer: await startSiloPeer(coordinator, options) };
}
const updates = (peer: SiloPeer) => readdir(join(peer.config.workDirectory, 'updates'));
const journal = async (peer: SiloPeer) =>
  (await readdir(join(peer.config.workDirectory, 'journal'))).filter((name) => name.endsWith('.json'));
const digestOf = (reply: OutgoingMessage | undefined) => bodyDigest(sealedReply.parse(reply?.body).m);

test('messages that are not the coordinator speaking are settled, logged and change nothing', async () => {
  const { coordinator, peer } = await silo();
  const plan = planFor(model);
  const stranger = signer();
  const good = coordinator.plan(plan) as { sig: string; plan: object };
  const strangers: unknown[] = [
    undefined,
    null,
    7,
    'plan',
    Buffer.from([0, 1, 2, 255]),
    [],
    {},
    { kind: 'plan' },
    { kind: 'signal' },
    { ...good, extra: 1 },
    { ...good, plan: { ...good.plan, round: 2 } },
    { ...good, sig: good.sig.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) },
    // A key of one's own, with a fitting signature.
    { kind: 'plan', plan, key: stranger.jwk, sig: stranger.sign('tributary/plan/1', plan) },
    // The pinned key's signature under another label.
    { ...good, kind: 'outcome' },
    {
      ...(coordinator.outcome({
        result: 'ended',
        experiment: EXPERIMENT,
        status: 'failed',
        model: null,
      }) as object),
      kind: 'plan',
    },
  ];
  peer.start();
  for (const body of strangers) await peer.deliver(body);
  expect(peer.logLines.filter((line) => line.includes('plan-signature'))).toHaveLength(strangers.length);
  expect(await journal(peer)).toEqual([]);
  expect(peer.replies).toEqual([]);
  expect(await peer.trainings()).toEqual([]);
});

test('a plan that arrives again changes nothing, or brings the same reply once more', async () => {
  const { coordinator, peer } = await silo();
  const plan = coordinator.plan(planFor(model));
  peer.start();
  await Promise.all([peer.deliver(plan), peer.deliver(plan), peer.deliver(plan)]);
  await eventually(() => peer.replies.length >= 1, 'a reply');
  await peer.deliver(plan);
  await eventually(() => peer.replies.length >= 2, 'the reply again');
  for (const reply of peer.replies) expect(reply).toEqual(peer.replies[0]);
  expect(await peer.trainings()).toHaveLength(1);
});

test('another plan for the same participation, though signed, is not followed', async () => {
  const { coordinator, peer } = await silo();
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model)));
  await eventually(() => peer.replies.length === 1, 'a reply');
  await peer.deliver(coordinator.plan(planFor(model)));
  expect(peer.logLines.join('\n')).toContain('another plan for the same participation');
  expect(peer.replies).toHaveLength(1);
});

test('a plan for a round that is behind is not followed', async () => {
  const { coordinator, peer } = await silo();
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model, { round: 2, attempt: 2 })));
  await peer.deliver(coordinator.plan(planFor(model, { round: 2 })));
  await peer.deliver(coordinator.plan(planFor(model, { round: 1, attempt: 9 })));
  await eventually(() => peer.replies.length === 1, 'a reply');
  expect(await journal(peer)).toEqual([`${EXPERIMENT}.2.2.hospital-a.json`]);
  expect(peer.logLines.filter((line) => line.includes('plan-outdated'))).toHaveLength(2);
});

test('a new attempt does not stop the training that it needs as well', async () => {
  const { coordinator, peer } = await silo({ trainer: 'slow' });
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model)));
  await eventually(async () => (await peer.trainings()).length === 1, 'the training');
  const second = planFor(model, { attempt: 2 });
  await peer.deliver(coordinator.plan(second));
  await eventually(() => peer.replies.length === 1, 'a reply');
  expect(await peer.trainings()).toHaveLength(1);
  await admitted(peer, second, peer.replies[0]?.body);
});

test('a plan for the next round stops a training of the round before', async () => {
  const { coordinator, peer } = await silo({ trainer: 'scripted' });
  peer.start();
  const hang = { config: { behaviour: 'hang' }, seed: 1, metrics: [] };
  await peer.deliver(coordinator.plan(planFor(model, { task: hang })));
  await eventually(async () => (await peer.trainings()).length === 1, 'the training');
  const task = { config: { behaviour: 'diff' }, seed: 1, metrics: [] };
  await peer.deliver(coordinator.plan(planFor(model, { round: 2, task })));
  await eventually(() => peer.replies.length === 1, 'a reply to round 2');
  expect(await journal(peer)).toEqual([`${EXPERIMENT}.2.1.hospital-a.json`]);
});

test('the end of an experiment stops its training and removes all but its state', async () => {
  const { coordinator, peer } = await silo({ trainer: 'scripted' });
  peer.start();
  const hang = { config: { behaviour: 'hang' }, seed: 1, metrics: [] };
  await peer.deliver(coordinator.plan(planFor(model, { task: hang })));
  await eventually(async () => (await peer.trainings()).length === 1, 'the training');
  const ended = {
    result: 'ended' as const,
    experiment: EXPERIMENT,
    status: 'cancelled' as const,
    model: null,
  };
  await peer.deliver(coordinator.outcome(ended));
  expect(await journal(peer)).toEqual([]);
  const other = planFor(model, {
    experiment: 'exp-01arz3ndektsv4rrffq69g5faw',
    task: { ...hang, config: { behaviour: 'diff' } },
  });
  await peer.deliver(coordinator.plan(other));
  await eventually(() => peer.replies.length === 1, 'the next experiment');
});

test('an outcome that does not fit the journal is ignored', async () => {
  const { coordinator, peer } = await silo();
  peer.start();
  const plan = planFor(model);
  await peer.deliver(coordinator.plan(plan));
  await eventually(() => peer.replies.length === 1, 'a reply');
  const digest = digestOf(peer.replies[0]);
  const fitting = {
    result: 'admitted' as const,
    participation,
    plan: bodyDigest(plan),
    manifestDigest: digest,
  };
  await peer.deliver(coordinator.outcome({ ...fitting, participation: `${EXPERIMENT}.1.2.hospital-a` }));
  await peer.deliver(coordinator.outcome({ ...fitting, plan: DIGEST }));
  await peer.deliver(coordinator.outcome({ ...fitting, manifestDigest: DIGEST }));
  expect(await readdir(join(peer.config.workDirectory, 'sealed'))).toHaveLength(1);
  await peer.deliver(coordinator.outcome(fitting));
  expect(await readdir(join(peer.config.workDirectory, 'sealed'))).toEqual([]);
});

test('refused for its bytes, an update is dropped and trained again; refused for its surroundings, it is kept', async () => {
  const { coordinator, peer } = await silo();
  peer.start();
  for (const [attempt, slug, kept] of [
    [1, 'unwrap-denied', 1],
    [2, 'blob-hash', 1],
    [3, 'norm-cap', 0],
  ] as const) {
    const plan = planFor(model, { attempt });
    await peer.deliver(coordinator.plan(plan));
    await eventually(() => peer.replies.length === attempt, `reply ${attempt}`);
    const manifestDigest = digestOf(peer.replies[attempt - 1]);
    const refusal = { result: 'refused' as const, slug, detail: 'because' };
    const about = {
      participation: `${EXPERIMENT}.1.${attempt}.hospital-a`,
      plan: bodyDigest(plan),
      manifestDigest,
    };
    await peer.deliver(coordinator.outcome({ ...refusal, ...about }));
    expect(await updates(peer)).toHaveLength(kept);
  }
  expect(await peer.trainings()).toHaveLength(1);
  await peer.deliver(coordinator.plan(planFor(model, { attempt: 4 })));
  await eventually(() => peer.replies.length === 4, 'reply 4');
  // From the state before the dropped training, as if it had not been.
  expect(await peer.trainings()).toEqual(['train r1 state=0', 'train r1 state=0']);
});

for (const [what, yaml, slug] of [
  ['a task that the policy does not allow', 'policy: { tasks: [evaluate] }', 'policy-declined'],
  ['a roster that was not agreed to', `policy: { rosterDigests: ["${'b'.repeat(64)}"] }`, 'roster-mismatch'],
  ['a model that is too large', 'policy: { maxBaseBytes: 10 }', 'policy-declined'],
  ['a result from too few examples', 'policy: { minExamples: 121 }', 'policy-declined'],
] as const) {
  test(`the silo declines ${what}`, async () => {
    const { coordinator, peer } = await silo({ yaml });
    peer.start();
    await peer.deliver(coordinator.plan(planFor(model)));
    await eventually(() => peer.replies.length === 1, 'a reply');
    const { body } = plainReply.parse(peer.replies[0]?.body);
    expect(body).toMatchObject({ kind: 'declined', reason: { slug } });
    expect('reason' in body && body.reason.detail).not.toContain('120');
    expect(peer.blobs.size).toBe(0);
  });
}

for (const status of [404, 409, 410]) {
  test(`a round whose link answers ${status} is dropped without a word`, async () => {
    const { coordinator, peer } = await silo();
    coordinator.behaviour.link = status;
    peer.start();
    await peer.deliver(coordinator.plan(planFor(model)));
    await eventually(() => peer.logLines.some((line) => line.includes('task-over')), 'the end of the task');
    expect(peer.replies).toEqual([]);
    expect(await peer.trainings()).toEqual([]);
  });
}

test('a round without time left is dropped, and a wrong clock of the silo alone drops nothing', async () => {
  const { coordinator, peer } = await silo();
  coordinator.behaviour.secondsLeft = 0;
  peer.start();
  const deadline = new Date(Date.now() - 1_800_000).toISOString();
  await peer.deliver(coordinator.plan(planFor(model, { deadline })));
  await eventually(() => peer.logLines.some((line) => line.includes('task-over')), 'the end of the task');
  coordinator.behaviour.secondsLeft = 60;
  await peer.deliver(coordinator.plan(planFor(model, { attempt: 2, deadline })));
  await eventually(() => peer.replies.length === 1, 'a reply, half an hour after the deadline by this clock');
});

test('a coordinator that does not answer is asked again', async () => {
  const { coordinator, peer } = await silo();
  coordinator.behaviour.link = 503;
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model)));
  await eventually(() => coordinator.seen.links > 2, 'three questions');
  coordinator.behaviour.link = 200;
  await eventually(() => peer.replies.length === 1, 'a reply');
});
