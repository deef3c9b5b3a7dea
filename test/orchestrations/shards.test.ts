/** Models that are made in many shards, while the process that makes them is killed or told to stop. */
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';
import type { RoundView } from '../../shared/contracts/api.ts';
import { blobContainers, paths } from '../../shared/domain/resources.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { type CoordinatorUnderTest, startCoordinator } from '../functions/coordinator-under-test.ts';
import { eventually } from '../functions/eventually.ts';
import { sha256 } from '../functions/small-model.ts';
import { credentialFrom } from '../isolation/workload-credential.ts';
import { seeded } from '../sealing/seeded.ts';

const silos = ['east', 'north', 'south'];
/** 16 MiB in shards of 1 MiB. */
const elements = 4 * 2 ** 20;
const weights = [3, 1, 2];

function largeModel(seed: number): Buffer {
  const random = seeded(seed);
  const values = Float32Array.from({ length: elements }, () => random() - 0.5);
  return writeSafetensors([
    { name: 'weights', dtype: 'F32', shape: [elements], data: new Uint8Array(values.buffer) },
  ]);
}

const base = largeModel(0);
const updates = silos.map((_, i) => largeModel(i + 1));

let coordinator: CoordinatorUnderTest;

beforeAll(async () => {
  coordinator = await startCoordinator(silos, { hostSettings: { TRIBUTARY_AGGREGATION_SHARD_MIB: '1' } });
  const path = `models/uploads/${sha256(base)}`;
  const { status } = await coordinator.call('operator', 'PUT', path, { raw: Uint8Array.from(base) });
  expect(status).toBeLessThan(300);
});
afterAll(() => coordinator.close());

/** Creates an experiment and has all silos answer its first round. */
async function submitted(): Promise<string> {
  const experiment = await coordinator.create({
    name: 'shards',
    silos,
    rounds: 1,
    initialModel: { kind: 'upload', sha256: sha256(base) },
    roundPolicy: { deadlineSeconds: 600, graceSeconds: 0, backoffSeconds: 0 },
    evaluation: { finalRound: false },
  });
  for (const [i, id] of silos.entries()) {
    const silo = coordinator.silo(id);
    const weight = weights[i] ?? 1;
    const plan = await silo.plan(experiment, 1);
    const sealed = await silo.seal(plan, updates[i] ?? base, { weight, numExamples: weight, metrics: {} });
    await silo.upload(sealed);
    await silo.send(sealed.reply);
  }
  return experiment;
}

/** Waits until so much of the model is made, or until the round has ended. */
async function folded(experiment: string, bytes: number): Promise<RoundView> {
  let round: RoundView | undefined;
  await eventually(async () => {
    round = await coordinator.round(experiment, 1).catch(() => undefined);
    return (round?.aggregation?.doneBytes ?? 0) >= bytes || round?.phase === 'aggregated';
  }, `${bytes} bytes of the model of ${experiment}`);
  if (round === undefined) throw new Error('there is no round');
  return round;
}

/** Written here anew: base plus the weighted mean, in order of silo, rounded once. */
function expectedModel(): Buffer {
  const numbers = (file: Buffer) => {
    const at = file.length - elements * 4;
    return new Float32Array(Uint8Array.from(file.subarray(at)).buffer);
  };
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const [start, ...changes] = [base, ...updates].map(numbers);
  const model = start?.map((value, i) => {
    const sum = changes.reduce((partial, change, k) => partial + (weights[k] ?? 0) * (change[i] ?? 0), 0);
    return value + sum / total;
  });
  return writeSafetensors([
    { name: 'weights', dtype: 'F32', shape: [elements], data: new Uint8Array(model?.buffer ?? []) },
  ]);
}

/** The container, as the aggregator sees it. */
function shards() {
  const { environments } = cloudDirectories(coordinator.stack.dataDir);
  const file = join(environments, 'coordinator.env');
  const settings = readEnvironment(file);
  const credential = credentialFrom(file, settings['AGGREGATOR_CLIENT_ID']);
  const service = new BlobServiceClient(settings['UPDATES_ACCOUNT_URL'] ?? '', credential);
  return service.getContainerClient(blobContainers.shards);
}

describe('a model of many shards', () => {
  it('is the same after its maker was killed three times in the middle, and leaves nothing behind', {
    timeout: 120_000,
  }, async () => {
    const experiment = await submitted();
    let kills = 0;
    for (const share of [0.1, 0.4, 0.7]) {
      const round = await folded(experiment, share * base.length);
      const pid = coordinator.stack.host.pid();
      if (round.phase === 'aggregated' || pid === undefined) break;
      process.kill(pid, 'SIGKILL');
      kills += 1;
      const isBack = () => coordinator.show(experiment).then(() => coordinator.stack.host.pid() !== pid);
      await eventually(() => isBack().catch(() => false), 'another life of the host');
    }
    expect(kills).toBeGreaterThan(0);
    const view = await coordinator.ended(experiment);
    expect(view.status).toBe('completed');
    expect(view.model?.sha256).toBe(sha256(expectedModel()));
    const round = await coordinator.round(experiment, 1);
    expect(round).toMatchObject({ attempt: 1, phase: 'aggregated' });

    const first = paths.shard(experiment, 1, 1, round.frozenSet ?? '', 'fold-0');
    for (const path of [`${first}.json`, `${first}.model`]) {
      await expect(shards().getBlobClient(path).getProperties()).rejects.toMatchObject({ statusCode: 404 });
    }
  });

  it('is given up between two shards when its experiment is cancelled', async () => {
    const experiment = await submitted();
    await folded(experiment, 1);
    const { status } = await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
    expect(status).toBeLessThan(300);
    expect(await coordinator.ended(experiment)).toMatchObject({ status: 'cancelled', model: { version: 0 } });
  });
});
