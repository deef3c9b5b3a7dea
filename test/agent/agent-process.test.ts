import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CryptographyClient } from '@azure/keyvault-keys';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ifPresent } from '../../agent/durable-file.ts';
import { journalEntry } from '../../agent/journal-entry.ts';
import type { SealedReply } from '../../shared/contracts/manifest.ts';
import { admitUpdate } from '../../shared/sealing/open.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { type AgentCloud, type SiloOnDisk, siloOnDisk, startAgentCloud } from './support/agent-cloud.ts';
import { exampleModel, OTHER_EXPERIMENT, planFor, startCoordinatorPeer } from './support/coordinator-peer.ts';
import { eventually } from './support/eventually.ts';
import { repliesTo } from './support/replies.ts';

const model = exampleModel();
let cloud: AgentCloud;
beforeAll(async () => {
  cloud = await startAgentCloud();
});
afterAll(() => cloud.close());

/** Admits the update as the aggregator: reads the blob, unwraps in the silo's own vault. */
async function norm({ m }: SealedReply): Promise<number> {
  const path = `${m.h.exp}/r${m.h.round}/a${m.h.attempt}/${m.ct256}`;
  const content = await cloud.containerClient().getBlobClient(path).downloadToBuffer();
  const options = { disableChallengeResourceVerification: true };
  const unwrapper = new CryptographyClient(m.h.kek.kid, cloud.credential('coordinator'), options);
  const admission = await admitUpdate({
    manifest: m,
    contentLength: content.length,
    ciphertext: (async function* () {
      yield content;
    })(),
    unwrap: async (wrapped) => (await unwrapper.unwrapKey('RSA-OAEP-256', wrapped)).result,
  });
  if (!admission.ok) throw new Error(admission.detail);
  return admission.evidence.norm;
}

async function stepOf(silo: SiloOnDisk, participation: string): Promise<string | undefined> {
  const text = await ifPresent(
    readFile(join(silo.directory, 'work', 'journal', `${participation}.json`), 'utf8'),
  );
  return text === undefined ? undefined : journalEntry.parse(JSON.parse(text)).state.step;
}

test('with an identity from its environment alone, an agent takes a plan, and its update is admitted', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const silo = await siloOnDisk(cloud, coordinator);
  // The vault throttles without saying for how long, which the client library does not retry.
  cloud.faults.set([{ service: 'keyvault', operation: 'sign', kind: 'status', status: 429, times: 2 }]);
  const agent = silo.start();
  const plan = planFor(model);
  await cloud.send(coordinator.plan(plan));
  const [reply] = await repliesTo(cloud, bodyDigest(plan));
  if (reply === undefined) throw new Error('no reply');
  // Five floats were moved by a half each.
  expect(await norm(reply)).toBeCloseTo(Math.sqrt(5 * 0.25), 6);
  const signals = await cloud.take('signals');
  // Stages as short as these may be overtaken by later ones.
  expect(signals[0]).toMatchObject({ stage: 'received' });
  const sent = cloud
    .bus()
    .queues()
    .find(({ name }) => name === 'silo-hospital-a');
  expect(sent?.active).toBe(0);
  agent.child.kill('SIGTERM');
  expect(await agent.ended()).toEqual([0, null]);
  expect(agent.output()).not.toMatch(/eyJ|sig=/);
});

test('killed at every step, the agent trains once and submits one update', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const silo = await siloOnDisk(cloud, coordinator);
  const plan = planFor(model, { experiment: OTHER_EXPERIMENT });
  const participation = `${OTHER_EXPERIMENT}.1.1.hospital-a`;
  await cloud.send(coordinator.plan(plan));
  const seen = new Set<string>();
  // Each time the journal is seen at a new step, the process is killed there and started again.
  for (;;) {
    const agent = silo.start();
    let step: string | undefined;
    await eventually(
      async () => {
        step = await stepOf(silo, participation);
        return step !== undefined && (step === 'replied' || !seen.has(step));
      },
      `a step after ${[...seen].join()}; ${agent.output()}`,
    );
    seen.add(step ?? '');
    agent.child.kill('SIGKILL');
    await agent.ended();
    if (step === 'replied') break;
  }
  expect(seen).toContain('received');
  const replies = await repliesTo(cloud, bodyDigest(plan));
  expect(new Set(replies.map(({ m, sig }) => m.ct256 + sig)).size).toBe(1);
  const trainings = await silo.trainings();
  // A training that was cut off by the kill itself may have noted its beginning; none began after one had ended.
  expect(new Set(trainings)).toEqual(new Set(['train r1 state=0']));
  const client = cloud.containerClient();
  expect(await client.getBlobClient(`${OTHER_EXPERIMENT}/r1/a1/${replies[0]?.m.ct256}`).exists()).toBe(true);
}, 60_000);

test('a training in progress ends with the process that runs it', async () => {
  const coordinator = await startCoordinatorPeer(model);
  const silo = await siloOnDisk(cloud, coordinator, { trainer: 'scripted' });
  const agent = silo.start();
  const fork = { config: { behaviour: 'fork' }, seed: 1, metrics: [] };
  await cloud.send(coordinator.plan(planFor(model, { round: 4, task: fork })));
  const pids = async () => Promise.all(['trainer', 'grandchild'].map((name) => pidIn(silo, name)));
  await eventually(async () => (await pids()).every((pid) => pid !== undefined), 'the training');
  const first = await pids();
  agent.child.kill('SIGKILL');
  await agent.ended();
  // Nobody could end it then; the next agent does before it begins.
  const next = silo.start();
  await eventually(() => next.output().includes('agent-started'), 'the next agent');
  await eventually(
    async () => !(await Promise.all(first.map((pid) => isRunning(pid ?? 0)))).includes(true),
    'the end of the first training',
  );
});

async function pidIn(silo: SiloOnDisk, name: string): Promise<number | undefined> {
  const text = await ifPresent(readFile(join(silo.directory, `${name}.pid`), 'utf8'));
  return text === undefined || text === '' ? undefined : Number(text);
}

async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return status !== undefined && !/\) [ZX] /.test(status);
}
