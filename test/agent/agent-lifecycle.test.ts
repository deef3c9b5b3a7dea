import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { type AgentCloud, siloOnDisk, startAgentCloud } from './support/agent-cloud.ts';
import { exampleModel, planFor, startCoordinatorPeer } from './support/coordinator-peer.ts';
import { eventually } from './support/eventually.ts';
import { repliesTo } from './support/replies.ts';

const model = exampleModel();
let cloud: AgentCloud;
beforeAll(async () => {
  cloud = await startAgentCloud();
});
afterAll(() => cloud.close());

test('an agent outlives its broker and takes the next plan when it is back', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const silo = await siloOnDisk(cloud, coordinator);
  const agent = silo.start();
  await eventually(() => agent.output().includes('agent-started'), 'the start');
  await cloud.restartBus(async () => {
    await eventually(() => agent.output().includes('queue-unreachable'), 'the loss');
  });
  const plan = planFor(model, { round: 2 });
  await cloud.send(coordinator.plan(plan));
  expect(await repliesTo(cloud, bodyDigest(plan))).toHaveLength(1);
}, 60_000);

test('over a WebSocket it works as well', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const silo = await siloOnDisk(cloud, coordinator, { webSocket: true });
  silo.start();
  const plan = planFor(model, { round: 3 });
  await cloud.send(coordinator.plan(plan));
  expect(await repliesTo(cloud, bodyDigest(plan))).toHaveLength(1);
});

test('the preflight passes with the rights of a silo, and says what is missing without them', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const silo = await siloOnDisk(cloud, coordinator);
  const good = silo.start({ args: ['--check', '--json'] });
  expect((await good.ended())[0]).toBe(0);
  const { checks } = JSON.parse(good.output()) as { checks: { ok: boolean }[] };
  expect(checks.every(({ ok }) => ok)).toBe(true);

  const bad = silo.start({ args: ['--check'], identity: 'stranger' });
  expect((await bad.ended())[0]).toBe(2);
  for (const name of ['queue', 'wrapping key', 'signing key']) {
    expect(bad.output()).toMatch(new RegExp(`problem +${name}: .+\\n +to mend it: `));
  }
  expect(bad.output()).toMatch(/ok +identity/);
}, 60_000);

test('exit codes: 2 for a configuration that cannot work, 1 where an agent runs already, 0 when its parent goes', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const silo = await siloOnDisk(cloud, coordinator);
  const first = silo.start({ ipc: true });
  await eventually(() => first.output().includes('agent-started'), 'the start');
  const second = silo.start();
  expect((await second.ended())[0]).toBe(1);
  expect(second.output()).toContain(`in use by process ${first.child.pid}`);
  first.child.disconnect();
  expect(await first.ended()).toEqual([0, null]);
  expect(await readdir(join(silo.directory, 'work'))).not.toContain('agent.lock');

  await writeFile(silo.configFile, 'silo: x\ntrainig: {}\n');
  const third = silo.start();
  expect((await third.ended())[0]).toBe(2);
  expect(third.output()).toContain('did you mean "training"?');
});
