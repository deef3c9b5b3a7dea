/** One experiment under SIGKILLs: started, watched to its end, then checked. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExperimentView } from '../../shared/contracts/api.ts';
import { type CrashStack, silos } from './crash-stack.ts';
import { type Kill, killAtRandom } from './kill-at-random.ts';
import { checkLedger } from './ledger-checks.ts';
import { patiently } from './patiently.ts';
import type { Random } from './random.ts';
import { faultsOf, recomputeVersions } from './recompute.ts';
import { checkTrainings } from './trainings.ts';

/** A run that has not ended by then has failed. */
const limitMs = 120_000;
/** The services may still be starting again when a finished run is checked. */
const checkMs = 30_000;

export type Form = 'whole cohort' | 'partial quorum';

export interface RunOptions {
  readonly name: string;
  readonly form: Form;
  readonly rounds: number;
  readonly kills: number;
  readonly meanGapMs: number;
  readonly random: Random;
  /** Digests of all versions of the undisturbed run. */
  readonly reference?: readonly string[];
}

export interface RunResult {
  readonly name: string;
  readonly form: Form;
  readonly experiment: string;
  readonly seconds: number;
  readonly kills: readonly Kill[];
  readonly attempts: number;
  readonly trainings: number;
  readonly digests: readonly string[];
  readonly faults: readonly string[];
}

export async function crashRun(stack: CrashStack, options: RunOptions): Promise<RunResult> {
  const { name, form, kills: wanted, meanGapMs, random } = options;
  const started = Date.now();
  const over = new AbortController();
  const killing = killAtRandom({
    victims: stack.victims,
    kills: wanted,
    meanGapMs,
    random,
    signal: over.signal,
  });
  let view: ExperimentView | undefined;
  let fault: string | undefined;
  try {
    view = await untilEnded(stack, options, started + limitMs);
  } catch (error) {
    fault = `the experiment could not be followed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    over.abort();
  }
  const ran = { name, form, seconds: (Date.now() - started) / 1_000, kills: await killing };
  const nothing = { attempts: 0, trainings: 0, digests: [] };
  if (view === undefined) return { ...ran, ...nothing, experiment: 'none', faults: [fault ?? 'no answer'] };
  const { experiment } = view;
  if (view.status !== 'completed') return { ...ran, ...nothing, experiment, faults: [unfinished(view)] };
  return { ...ran, experiment, ...(await check(stack, options, view)) };
}

async function untilEnded(stack: CrashStack, options: RunOptions, until: number): Promise<ExperimentView> {
  const { client } = stack;
  // A creation whose answer was lost is repeated with the same key.
  const idempotencyKey = `${options.name}-${Date.now()}`;
  const { experiment } = await patiently(
    () => client.createExperiment(specOf(options), idempotencyKey),
    until,
  );
  for (;;) {
    const view = await patiently(() => client.showExperiment(experiment), until);
    if (view.status !== 'pending' && view.status !== 'running') return view;
    if (Date.now() > until) return view;
    await sleep(150);
  }
}

function specOf({ name, form, rounds }: RunOptions): object {
  const whole = form === 'whole cohort';
  return {
    name: `Crash test, ${name}`,
    silos,
    rounds,
    seed: 20_261,
    roundPolicy: {
      quorum: whole ? 3 : 2,
      graceSeconds: whole ? 30 : 1,
      deadlineSeconds: 600,
      maxAttempts: 10,
      backoffSeconds: 1,
    },
    initialModel: { kind: 'init', silo: 'silo-1' },
    training: { config: { trainingMs: 150, stragglerMs: whole ? 0 : 1_500 }, maxUpdateBytes: 65_536 },
  };
}

async function check(stack: CrashStack, options: RunOptions, view: ExperimentView) {
  const { client, caFile, dataDir, trainingData, endings } = stack;
  const { experiment } = view;
  const until = Date.now() + checkMs;
  const ledger = await patiently(() => checkLedger({ client, caFile, view }), until);
  const trainings = await checkTrainings({ trainingData, experiment, endings });
  const recomputed =
    options.form === 'whole cohort'
      ? []
      : await patiently(() => recomputeVersions(dataDir, experiment), until);
  const { reference } = options;
  return {
    attempts: ledger.attempts,
    trainings: trainings.started,
    digests: ledger.digests,
    faults: [
      ...ledger.faults,
      ...trainings.faults,
      ...recomputed.flatMap((version) => faultsOf(version, 2)),
      ...(reference === undefined ? [] : differences(reference, ledger.digests)),
    ],
  };
}

function differences(reference: readonly string[], digests: readonly string[]): string[] {
  if (reference.length !== digests.length) return [`${digests.length} versions, not ${reference.length}`];
  return reference.flatMap((digest, version) =>
    digest === digests[version] ? [] : [`version ${version} differs from the undisturbed run's`],
  );
}

function unfinished(view: ExperimentView): string {
  const { status, reason, waiting, current } = view;
  const silosNow = current?.silos.map(({ silo, state, stage }) => `${silo} ${state}/${stage ?? '-'}`) ?? [];
  return [
    `the experiment is ${status}`,
    reason === null ? '' : `${reason.slug}: ${reason.detail}`,
    waiting === null ? '' : `waits for ${waiting.for} until ${waiting.until ?? 'whenever'}`,
    current === null
      ? ''
      : `round ${current.round} attempt ${current.attempt} ${current.task} ${current.phase}`,
    silosNow.join(', '),
  ]
    .filter((part) => part !== '')
    .join('; ');
}
