/**
 * One round of FedAvg over a model of any size: real coordinator, real orchestration, silos played here. The process
 * that aggregates is killed in the middle; what comes out is compared with arithmetic of its own.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient } from '@azure/storage-blob';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';
import { blobFiles } from '../../shared/azure/blob-files.ts';
import { blobContainers, paths } from '../../shared/domain/resources.ts';
import { plaintextLength } from '../../shared/tensors/schema.ts';
import { type CoordinatorUnderTest, startCoordinator } from '../functions/coordinator-under-test.ts';
import { credentialFrom } from '../isolation/workload-credential.ts';
import { expectedDigest, fileOf, schemaOf } from './model-pieces.ts';
import type { LargeModelOptions } from './options.ts';
import { peakMemory } from './peak-memory.ts';
import { playSilo } from './play-silo.ts';

export interface LargeModelReport {
  readonly bytes: number;
  readonly silos: number;
  readonly kills: number;
  /** The new model's SHA-256, and whether it is the one that was worked out apart. */
  readonly sha256: string;
  readonly isExpected: boolean;
  /** Of the process that admits and aggregates, the highest of all its lives, in bytes. */
  readonly peakMemory: number;
  /** Of the same process before the first update came. */
  readonly idleMemory: number;
  /** Of the same process when all updates were admitted. */
  readonly admissionMemory: number;
  readonly admissionSeconds: number;
  /** From the frozen set to the published model, with whatever kills cost. */
  readonly aggregationSeconds: number;
}

export async function runLargeModel(
  options: LargeModelOptions,
  say: (line: string) => void,
): Promise<LargeModelReport> {
  const { elements } = options;
  const weights = Array.from({ length: options.silos }, (_, i) => 1 + ((i * 7) % 5));
  say('working the new model out apart');
  const expected = expectedDigest(elements, weights);
  const silos = weights.map((_, i) => `silo-${String(i + 1).padStart(2, '0')}`);
  const scratch = await mkdtemp(join(tmpdir(), 'tributary-large-model-'));
  const coordinator = await startCoordinator(silos, {
    hostSettings: {
      TRIBUTARY_AGGREGATION_SHARD_MIB: String(options.shardMib),
      NODE_OPTIONS: process.env['HOST_NODE_OPTIONS'] ?? '',
      ...(options.workers === undefined ? {} : { TRIBUTARY_AGGREGATION_WORKERS: String(options.workers) }),
    },
  });
  const watch = watchMemory(() => coordinator.stack.host.pid());
  try {
    const sha256 = await storeBase(coordinator, elements);
    const experiment = await coordinator.create(specOf(silos, sha256, plaintextLength(schemaOf(elements))));
    const idleMemory = watch.peak();
    for (const [i, id] of silos.entries()) {
      say(`${id}: sealing and uploading`);
      const silo = coordinator.silo(id);
      const plan = await silo.plan(experiment, 1);
      await playSilo(silo, plan, { elements, seed: i + 1, weight: weights[i] ?? 1 }, scratch);
    }
    const sentAt = performance.now();
    const frozenAt = await reached(coordinator, experiment, 0, say);
    const admissionMemory = watch.peak();
    say(`admitted after ${seconds(frozenAt - sentAt)} s`);
    const kills = await kill(coordinator, experiment, options, say);
    const view = await until(async () => {
      const seen = await coordinator.show(experiment).catch(() => undefined);
      return seen !== undefined && ['completed', 'failed'].includes(seen.status) ? seen : undefined;
    });
    const endedAt = performance.now();
    if (view.model?.version !== 1) throw new Error(`no model was made: ${JSON.stringify(view.reason)}`);
    return {
      bytes: plaintextLength(schemaOf(elements)),
      silos: silos.length,
      kills,
      sha256: view.model.sha256,
      isExpected: view.model.sha256 === expected,
      peakMemory: watch.peak(),
      idleMemory,
      admissionMemory,
      admissionSeconds: seconds(frozenAt - sentAt),
      aggregationSeconds: seconds(endedAt - frozenAt),
    };
  } finally {
    watch.stop();
    await coordinator.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function specOf(silos: readonly string[], sha256: string, bytes: number) {
  return {
    name: 'large model',
    silos,
    rounds: 1,
    initialModel: { kind: 'upload', sha256 },
    roundPolicy: { deadlineSeconds: 14_400, graceSeconds: 0, backoffSeconds: 0, drainSeconds: 600 },
    training: { maxUpdateBytes: Math.max(bytes + 2 ** 20, 256 * 2 ** 20) },
    evaluation: { finalRound: false },
  };
}

/** Puts version 0 where an upload would have put it; answers its digest. */
async function storeBase({ stack }: CoordinatorUnderTest, elements: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of fileOf(elements, 0)) hash.update(piece);
  const sha256 = hash.digest('hex');
  const file = join(cloudDirectories(stack.dataDir).environments, 'coordinator.env');
  const settings = readEnvironment(file);
  const credential = credentialFrom(file, settings['COORDINATOR_CLIENT_ID']);
  const service = new BlobServiceClient(settings['MODELS_ACCOUNT_URL'] ?? '', credential);
  const writer = blobFiles(service.getContainerClient(blobContainers.models)).begin(
    paths.uploadedModel(sha256),
  );
  for await (const piece of fileOf(elements, 0)) await writer.write(piece);
  await writer.commit();
  return sha256;
}

/** Kills the coordinator's process where the model is made in equal parts; answers how often. */
async function kill(
  coordinator: CoordinatorUnderTest,
  experiment: string,
  { kills, elements }: LargeModelOptions,
  say: (line: string) => void,
): Promise<number> {
  for (let done = 0; done < kills; done++) {
    await reached(coordinator, experiment, (elements * 4 * (done + 1)) / (kills + 1), say);
    const { host } = coordinator.stack;
    const pid = host.pid();
    if (pid === undefined) throw new Error('the coordinator is not running');
    const round = await coordinator.round(experiment, 1);
    if (round.phase === 'aggregated') return done;
    process.kill(pid, 'SIGKILL');
    say(`killed at ${round.aggregation?.doneBytes ?? 0} bytes`);
    await until(async () => (host.pid() === pid ? undefined : true));
  }
  return kills;
}

/** Waits until so many bytes of the new model are kept; answers when that was seen. */
async function reached(
  coordinator: CoordinatorUnderTest,
  experiment: string,
  bytes: number,
  say: (line: string) => void,
): Promise<number> {
  let said = -1;
  return until(async () => {
    const round = await coordinator.round(experiment, 1).catch(() => undefined);
    if (round === undefined) return undefined;
    if (round.phase === 'failed') throw new Error(`the round failed: ${JSON.stringify(round.failure)}`);
    const done = round.aggregation?.doneBytes ?? 0;
    if (done > said && done > 0) say(`${done} bytes made`);
    said = done;
    const closed = round.phase === 'closed' && (bytes === 0 || done >= bytes);
    return closed || round.phase === 'aggregated' ? performance.now() : undefined;
  });
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
}

function watchMemory(pid: () => number | undefined): { peak(): number; stop(): void } {
  let peak = 0;
  const look = (): void => {
    const now = pid();
    if (now !== undefined) peak = Math.max(peak, peakMemory(now) ?? 0);
  };
  const timer = setInterval(look, 100);
  return {
    peak() {
      look();
      return peak;
    },
    stop: () => clearInterval(timer),
  };
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
