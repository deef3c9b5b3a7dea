import { existsSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type PlainReplyBody, plainReply } from '../../shared/contracts/reply.ts';
import { EXPERIMENT, exampleModel, planFor, startCoordinatorPeer } from './support/coordinator-peer.ts';
import { eventually } from './support/eventually.ts';
import { startSiloPeer } from './support/silo-peer.ts';

const model = exampleModel();

async function failing(behaviour: string, options: Parameters<typeof startSiloPeer>[1] = {}) {
  const coordinator = await startCoordinatorPeer(model);
  const peer = await startSiloPeer(coordinator, { trainer: 'scripted', ...options });
  const stop = peer.start();
  const task = { config: { behaviour }, seed: 1, metrics: [] };
  await peer.deliver(coordinator.plan(planFor(model, { task })));
  const reply = async (): Promise<PlainReplyBody> => {
    await eventually(() => peer.replies.length === 1, 'a reply');
    return plainReply.parse(peer.replies[0]?.body).body;
  };
  return { peer, coordinator, stop, reply };
}

function pidOf(directory: string, name: string): number | undefined {
  const path = join(directory, `${name}.pid`);
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) || undefined : undefined;
}
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Killed and not yet reaped is dead enough.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('a training command that fails is told with its exit code, its words stay here', async () => {
  const { peer, reply } = await failing('exit1');
  expect(await reply()).toMatchObject({
    kind: 'failed',
    reason: { slug: 'trainer-exit', detail: 'The training command ended with exit code 1' },
  });
  expect(JSON.stringify(peer.replies)).not.toContain('Jane Doe');
  expect(peer.logLines.join('\n')).toContain('Jane Doe');
});

test('a silo may decide to share what its training command says', async () => {
  const { reply } = await failing('exit1', { yaml: 'policy: { shareTrainerErrors: true }' });
  expect(await reply()).toMatchObject({
    reason: { detail: expect.stringContaining('has no label') as unknown },
  });
});

test('a training command that takes too long is killed with all it started', async () => {
  const { peer, reply } = await failing('fork', { timeoutSeconds: 2 });
  expect(await reply()).toMatchObject({ kind: 'failed', reason: { slug: 'trainer-timeout' } });
  const grandchild = pidOf(peer.directory, 'grandchild');
  expect(grandchild).toBeDefined();
  await eventually(() => !isAlive(grandchild ?? 0), 'the end of the grandchild');
});

test('stopping the agent kills the training command with all it started', async () => {
  const { peer, stop } = await failing('fork');
  await eventually(() => pidOf(peer.directory, 'trainer') !== undefined, 'the training');
  await stop();
  for (const name of ['trainer', 'grandchild']) {
    const pid = pidOf(peer.directory, name) ?? 0;
    await eventually(() => !isAlive(pid), `the end of the ${name}`);
  }
  expect(peer.replies).toEqual([]);
});

test('what a finished training command left running is killed and does not hold the task up', async () => {
  const { peer } = await failing('leaveChild');
  await eventually(() => peer.replies.length === 1, 'a reply');
  const pid = pidOf(peer.directory, 'grandchild') ?? 0;
  await eventually(() => !isAlive(pid), 'the end of the grandchild');
});

for (const [behaviour, detail] of [
  ['nothing', 'wrote no metrics.json'],
  ['shape', 'has "weights" in shape [4] instead of [2, 2]'],
  ['nan', 'Tensor "weights" of the update holds a NaN'],
  ['garbage', 'update.safetensors is malformed'],
  ['badMetrics', 'numExamples'],
] as const) {
  test(`training output is refused with a reason: ${behaviour}`, async () => {
    const { peer, reply } = await failing(behaviour);
    const body = await reply();
    expect(body).toMatchObject({ kind: 'failed', reason: { slug: 'trainer-output' } });
    expect('reason' in body && body.reason.detail).toContain(detail);
    expect(peer.blobs.size).toBe(0);
  });
}

test('a training command that asks for later gets it', async () => {
  const { peer } = await failing('later');
  await eventually(() => peer.replies.length === 1, 'a reply');
  expect(await peer.trainings()).toHaveLength(3);
  expect(peer.replies[0]?.body).toMatchObject({ kind: 'submitted' });
});

test('a training command that does not exist fails the task, not the agent', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const peer = await startSiloPeer(coordinator);
  peer.config = { ...peer.config, training: { ...peer.config.training, command: ['no-such-program-here'] } };
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model)));
  await eventually(() => peer.replies.length === 1, 'a reply');
  expect(peer.replies[0]?.body).toMatchObject({ body: { reason: { slug: 'trainer-exit' } } });
});

test('a model that is not the one in the signed plan is never trained on', async () => {
  const coordinator = await startCoordinatorPeer(model);
  coordinator.behaviour.model = exampleModel(9);
  const peer = await startSiloPeer(coordinator);
  peer.start();
  await peer.deliver(coordinator.plan(planFor(model)));
  await eventually(() => peer.replies.length === 1, 'a reply');
  expect(peer.replies[0]?.body).toMatchObject({ body: { kind: 'failed', reason: { slug: 'base-hash' } } });
  expect(await peer.trainings()).toEqual([]);
});

test('output is kept in log.txt up to its bound', async () => {
  const { peer } = await failing('noise');
  await eventually(() => peer.replies.length === 1, 'a reply');
  const log = join(peer.config.workDirectory, 'tasks', `${EXPERIMENT}.1.1.hospital-a`, 'log.txt');
  expect((await stat(log)).size).toBe(20_000);
  expect(await readFile(log, 'utf8')).toMatch(/^x+$/);
});
