import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plainReply } from '../../shared/contracts/reply.ts';
import { verifySignature } from '../../shared/sealing/signature.ts';
import { EXPERIMENT, exampleModel, planFor, startCoordinatorPeer } from './support/coordinator-peer.ts';
import { eventually } from './support/eventually.ts';
import { admitted, floatsOf } from './support/open-reply.ts';
import { localKeys, startSiloPeer } from './support/silo-peer.ts';

const model = exampleModel();

async function silo(options: Parameters<typeof startSiloPeer>[1] = {}) {
  const coordinator = await startCoordinatorPeer(model);
  return { coordinator, peer: await startSiloPeer(coordinator, options) };
}

test('a plan becomes a sealed update that the coordinator admits, and an outcome clears it away', async () => {
  const { coordinator, peer } = await silo();
  const plan = planFor(model);
  peer.start();
  await peer.deliver(coordinator.plan(plan));
  await eventually(() => peer.replies.length === 1, 'a reply');

  const [reply] = peer.replies;
  const { manifest, manifestDigest, plaintext } = await admitted(peer, plan, reply?.body);
  expect(floatsOf(plaintext)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
  expect(manifest.h).toMatchObject({ weight: 120, numExamples: 120, metrics: { auc: 0.75, loss: 0.5 } });
  expect(reply?.messageId).toBe(`${EXPERIMENT}.1.1.hospital-a#${manifestDigest}`);
  expect(coordinator.seen.authorizations).toEqual(['Bearer token-of-the-silo']);
  const stages = new Set(peer.signals.map(({ body }) => (body as { stage: string }).stage));
  expect([...stages]).toContain('training');

  const sealed = join(peer.config.workDirectory, 'sealed');
  expect(await readdir(sealed)).toHaveLength(1);
  await peer.deliver(
    coordinator.outcome({
      result: 'admitted',
      participation: `${EXPERIMENT}.1.1.hospital-a`,
      plan: manifest.h.plan,
      manifestDigest,
    }),
  );
  expect(await readdir(sealed)).toEqual([]);
  expect(await readdir(join(peer.config.workDirectory, 'updates'))).toHaveLength(1);
});

test('the update in clear and all else in the work directory is readable by its owner only', async () => {
  const { coordinator, peer } = await silo();
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model)));
  await eventually(() => peer.replies.length === 1, 'a reply');
  for (const name of await readdir(peer.config.workDirectory, { recursive: true })) {
    const { mode } = await stat(join(peer.config.workDirectory, name));
    // What training code wrote itself lies in directories that nobody else may enter.
    if (!/^(tasks|state)\/.+\/.+/.test(name)) expect([name, mode & 0o077]).toEqual([name, 0]);
  }
});

test('a second attempt gets the first training sealed anew under its own plan', async () => {
  const { coordinator, peer } = await silo();
  const first = planFor(model);
  const second = planFor(model, { attempt: 2 });
  peer.start();
  await peer.deliver(coordinator.plan(first));
  await eventually(() => peer.replies.length === 1, 'the first reply');
  await peer.deliver(coordinator.plan(second));
  await eventually(() => peer.replies.length === 2, 'the second reply');
  const one = await admitted(peer, first, peer.replies[0]?.body);
  const two = await admitted(peer, second, peer.replies[1]?.body);
  expect(two.plaintext).toEqual(one.plaintext);
  expect(two.manifest.ct256).not.toBe(one.manifest.ct256);
  expect(await peer.trainings()).toEqual(['train r1 state=0']);
});

test('a later round starts from the state that the round before left, and forgets its update', async () => {
  const { coordinator, peer } = await silo();
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model)));
  await eventually(() => peer.replies.length === 1, 'round 1');
  await peer.deliver(coordinator.plan(planFor(model, { round: 2 })));
  await eventually(() => peer.replies.length === 2, 'round 2');
  expect(await peer.trainings()).toEqual(['train r1 state=0', 'train r2 state=1']);
  expect(await readdir(join(peer.config.workDirectory, 'updates'))).toHaveLength(1);
  const journal = await readdir(join(peer.config.workDirectory, 'journal'));
  expect(journal.filter((name) => name.endsWith('.json'))).toEqual([`${EXPERIMENT}.2.1.hospital-a.json`]);

  await peer.deliver(
    coordinator.outcome({ result: 'ended', experiment: EXPERIMENT, status: 'completed', model: null }),
  );
  for (const name of ['updates', 'journal', 'sealed', 'models', 'tasks']) {
    expect(await readdir(join(peer.config.workDirectory, name))).toEqual([]);
  }
  expect(existsSync(join(peer.config.workDirectory, 'state', EXPERIMENT))).toBe(true);
});

test('an update beyond the norm cap is clipped to it and admitted', async () => {
  const { coordinator, peer } = await silo();
  const plan = planFor(model, { limits: { maxUpdateBytes: 1_000_000, weightCap: 50, normCap: 0.1 } });
  peer.start();
  await peer.deliver(coordinator.plan(plan));
  await eventually(() => peer.replies.length === 1, 'a reply');
  const { evidence, manifest, plaintext } = await admitted(peer, plan, peer.replies[0]?.body);
  expect(evidence.norm).toBeLessThanOrEqual(0.1);
  expect(evidence.norm).toBeGreaterThan(0.099);
  expect(manifest.h.weight).toBe(50);
  const counter = plaintext.subarray(-8).readBigInt64LE(0);
  expect(counter).toBe(0n);
  expect(peer.logLines.join('\n')).toContain('update-clipped');
});

test('the first model is sealed as it is, without a base and without asking for a link', async () => {
  const { coordinator, peer } = await silo();
  const plan = planFor(null);
  peer.start();
  await peer.deliver(coordinator.plan(plan));
  await eventually(() => peer.replies.length === 1, 'a reply');
  const { manifest, plaintext } = await admitted(peer, plan, peer.replies[0]?.body);
  expect(manifest.h.base).toBeNull();
  expect(plaintext.toString()).not.toContain('by hand');
  expect(coordinator.seen.links).toBe(0);
});

test('an evaluation is answered with the figures that the plan asks for, once', async () => {
  const { coordinator, peer } = await silo();
  const task = { config: {}, seed: 1, metrics: ['auc'] };
  const plan = planFor(model, { kind: 'evaluate', task });
  peer.start();
  await peer.deliver(coordinator.plan(plan));
  await eventually(() => peer.replies.length === 1, 'a reply');
  const reply = plainReply.parse(peer.replies[0]?.body);
  expect(reply.body).toMatchObject({ kind: 'evaluated', numExamples: 120, metrics: { auc: 0.75 } });
  const { jwk } = await localKeys().sig();
  expect(verifySignature('tributary/reply/1', reply.body, reply.sig, jwk)).toBe(true);
  await peer.deliver(coordinator.plan(planFor(model, { kind: 'evaluate', task, attempt: 2 })));
  await eventually(() => peer.replies.length === 2, 'the second reply');
  expect(await peer.trainings()).toEqual(['evaluate r1 state=0']);
});

test('experiments take turns in the order of their plans', async () => {
  const { coordinator, peer } = await silo();
  const other = 'exp-01arz3ndektsv4rrffq69g5faw';
  await Promise.all([
    (async () => peer.start())(),
    peer.deliver(coordinator.plan(planFor(model, { round: 3 }))),
    peer.deliver(coordinator.plan(planFor(model, { experiment: other, round: 4 }))),
  ]);
  await eventually(() => peer.replies.length === 2, 'two replies');
  expect((await peer.trainings()).map((line) => line.slice(0, 8))).toEqual(['train r3', 'train r4']);
});

test('a difference that training code computed itself is taken as one', async () => {
  const { coordinator, peer } = await silo({ trainer: 'scripted' });
  const plan = planFor(model, { task: { config: { behaviour: 'diff' }, seed: 1, metrics: [] } });
  peer.start();
  await peer.deliver(coordinator.plan(plan));
  await eventually(() => peer.replies.length === 1, 'a reply');
  const { plaintext } = await admitted(peer, plan, peer.replies[0]?.body);
  expect(floatsOf(plaintext)).toEqual([0.25, 0.25, 0.25, 0.25, 0.25]);
});

test('training code sees the contract and none of the credentials of the agent', async () => {
  process.env['IDENTITY_HEADER'] = 'secret-of-the-identity';
  process.env['AZURE_CLIENT_ID'] = 'an-identity';
  const { coordinator, peer } = await silo({ trainer: 'scripted' });
  peer.start();
  const task = { config: { behaviour: 'environment' }, seed: 9, metrics: [] };
  await peer.deliver(coordinator.plan(planFor(model, { task })));
  await eventually(() => peer.replies.length === 1, 'a reply');
  const seen: unknown = JSON.parse(await readFile(join(peer.directory, 'environment.json'), 'utf8'));
  expect(seen).toMatchObject({
    TRIBUTARY_DATA_DIR: peer.directory,
    TRIBUTARY_SILO: 'hospital-a',
    TRIBUTARY_EXPERIMENT: EXPERIMENT,
    TRIBUTARY_ROUND: '1',
    TRIBUTARY_SEED: '9',
  });
  expect(Object.keys(seen as object)).not.toContain('IDENTITY_HEADER');
  expect(Object.keys(seen as object)).not.toContain('AZURE_CLIENT_ID');
});

test('no log line holds a token, a link or a number of the model', async () => {
  const { coordinator, peer } = await silo();
  coordinator.behaviour.cuts = [10];
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model)));
  await eventually(() => peer.replies.length === 1, 'a reply');
  const text = peer.logLines.join('\n');
  expect(text).not.toContain('token-of-the-silo');
  expect(text).not.toContain('sig=');
});
