import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExperimentView } from '../../shared/contracts/api.ts';
import { createApiClient } from '../api-client.ts';
import { resolveProfile } from '../profile.ts';
import { type LocalStack, startLocalStack } from '../up/local-stack.ts';
import { packageRoot } from '../up/package-root.ts';
import { watchExperiment } from '../watch.ts';
import { prepareSilos } from './prepare-silos.ts';
import { type RoundTime, roundTimes } from './round-times.ts';
import { type Baseline, spamFilter } from './spam-filter.ts';

export interface DemoOptions {
  readonly dataDir: string;
  readonly portBase: number;
  readonly seed: number;
  readonly say: (text: string) => void;
  readonly onUpdate: (view: ExperimentView) => void;
}

export interface DemoResult {
  readonly experiment: string;
  readonly seed: number;
  readonly baselines: readonly Baseline[];
  readonly federated: { readonly auc: number; readonly accuracy: number };
  readonly model: {
    readonly file: string;
    readonly version: number;
    readonly sha256: string;
    readonly bytes: number;
  };
  readonly rounds: readonly RoundTime[];
  /** Seconds from the demo's start. */
  readonly firstRoundAt: number;
  readonly seconds: number;
}

const silos = ['silo-1', 'silo-2', 'silo-3'];

/** One federated experiment on real mails, end to end; the stack is left running for the caller to use and to stop. */
export async function runDemo(options: DemoOptions): Promise<{ stack: LocalStack; result: DemoResult }> {
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1_000;
  const { dataDir, portBase, seed, say } = options;
  const example = spamFilter(packageRoot());
  const data = join(dataDir, 'demo', `mails-seed-${seed}`);
  await mkdir(join(dataDir, 'demo'), { recursive: true });

  say('starting the embedded cloud and the coordinator, dealing real mails to three silos');
  const onRestart = (name: string, how: string): void => say(`${name} ended (${how}); started again`);
  const [stack] = await Promise.all([
    startLocalStack({ dataDir, portBase, onRestart }),
    example.prepare(data, seed),
  ]);
  try {
    const profile = resolveProfile({ data: dataDir, portBase: String(portBase) }, { environment: {} });
    const client = createApiClient(profile);
    await prepareSilos({ stack, client, silos, trainer: example.trainer, data });
    say(`three silo agents are running; API at ${stack.api}/api`);

    const spec = { ...example.spec(), seed };
    const { experiment } = await client.createExperiment(spec, `demo-${Date.now()}`);
    say(`experiment ${experiment}`);
    let firstRoundAt = 0;
    const view = await watchExperiment(client, experiment, {
      intervalMs: 250,
      onUpdate: (update) => {
        if (firstRoundAt === 0 && (update.model?.version ?? 0) >= 1) firstRoundAt = elapsed();
        options.onUpdate(update);
      },
    });
    if (view.status !== 'completed' || view.model === null) {
      throw new Error(`the experiment ${view.status}: ${view.reason?.detail ?? 'without a reason'}`);
    }

    const content = await client.modelContent(experiment, 'latest');
    const bytes = Buffer.from(await content.arrayBuffer());
    if (createHash('sha256').update(bytes).digest('hex') !== view.model.sha256) {
      throw new Error('the downloaded model does not have its published digest');
    }
    const file = join(dataDir, 'demo', `spam-filter-v${view.model.version}.safetensors`);
    await writeFile(file, bytes);
    const rounds = await roundTimes(client, { experiment, rounds: view.model.version, silos, dataDir });
    say('training the comparison: each silo alone, and all mails pooled');
    const federated = await example.evaluate(data, file);
    const baselines = await example.baselines(data);
    const { version, sha256 } = view.model;
    const result: DemoResult = {
      experiment,
      seed,
      baselines,
      federated: { auc: federated.auc ?? Number.NaN, accuracy: federated.accuracy },
      model: { file, version, sha256, bytes: bytes.length },
      rounds,
      firstRoundAt,
      seconds: elapsed(),
    };
    return { stack, result };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
