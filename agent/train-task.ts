/**
 * One task from its base model to a kept result.
 *
 * 1. The state that training code keeps is committed before the result, and a repeated training starts from the
 *    state before (trainer-state.ts), so a crash anywhere leaves one training's worth of effect.
 * 2. Whatever training code wrote is checked before it is kept.
 */
import { join } from 'node:path';
import type { SiloSlug } from '../shared/contracts/refusals.ts';
import { type BackoffLimits, backoffDelay } from './backoff.ts';
import { obtainBaseModel } from './base-model.ts';
import { writeCanonicalUpdate } from './canonical-update.ts';
import type { SiloConfig } from './config.ts';
import type { JournalEntry } from './journal-entry.ts';
import { clearResult, keepResult, updateFile } from './kept-result.ts';
import type { Log } from './log.ts';
import type { Clock, Coordinator } from './ports.ts';
import { readFigures } from './reported-figures.ts';
import { clearTask, prepareTask, type TaskDirectory, taskEnvironment } from './task-directory.ts';
import { runTrainer, type TrainerExit } from './trainer.ts';
import { commitState } from './trainer-state.ts';
import { trainingKey } from './training-key.ts';
import type { WorkDirectory } from './work-directory.ts';

/** Training code says so when it cannot run now (EX_TEMPFAIL). */
const RETRY_LATER = 75;

export type Trained =
  | { readonly result: 'kept' }
  | { readonly result: 'failed'; readonly slug: SiloSlug; readonly detail: string }
  | { readonly result: 'over' }
  | { readonly result: 'stopped' };

export interface TrainTask {
  readonly entry: JournalEntry;
  readonly config: SiloConfig;
  readonly work: WorkDirectory;
  readonly coordinator: Coordinator;
  readonly clock: Clock;
  readonly log: Log;
  readonly retryLater: BackoffLimits;
  readonly stage: (stage: 'downloading' | 'training') => void;
  readonly signal: AbortSignal;
}

export async function trainTask(options: TrainTask): Promise<Trained> {
  const { entry, work, clock, log, signal } = options;
  const { plan, participation } = entry;
  const model = await obtainBaseModel({ ...options, downloading: () => options.stage('downloading') });
  if (model.ok === 'over') return { result: 'over' };
  if (!model.ok) return { result: 'failed', slug: model.slug, detail: model.detail };

  options.stage('training');
  const key = trainingKey(plan);
  for (let tries = 1; ; tries++) {
    const task = await prepareTask({ work, participation, silo: options.config.silo, plan, key });
    log('info', 'training-started', { participation, task: plan.kind, try: tries });
    const started = clock.monotonic();
    const exit = await run(options, task);
    const seconds = Math.round(clock.monotonic() - started) / 1_000;
    if (exit.end === 'stopped') return { result: 'stopped' };
    if (exit.end === 'exited' && exit.code === RETRY_LATER) {
      const delay = backoffDelay(tries, options.retryLater, clock.random);
      if (clock.monotonic() + delay < model.until) {
        log('info', 'training-postponed', { participation, seconds: Math.round(delay / 1_000) });
        await clock.sleep(delay, signal);
        if (signal.aborted) return { result: 'stopped' };
        continue;
      }
    }
    if (exit.end === 'exited' && exit.code === 0) {
      return keep(options, { task, key, base: model.path, seconds });
    }
    return failureOf(options, exit);
  }
}

function run({ entry, config, signal }: TrainTask, task: TaskDirectory): Promise<TrainerExit> {
  const { command, env, timeoutSeconds } = config.training;
  const environment = { plan: entry.plan, silo: config.silo, data: config.data, task, extra: env };
  return runTrainer(
    {
      command,
      directory: config.directory,
      taskDirectory: task.path,
      env: taskEnvironment(environment),
      timeoutMs: timeoutSeconds * 1_000,
    },
    signal,
  );
}

/** The tail of stderr stays in this silo's log unless its policy shares it: it may quote data. */
function failureOf({ entry, config, log }: TrainTask, exit: TrainerExit): Trained {
  const tail = 'stderrTail' in exit ? exit.stderrTail : '';
  const told = describeExit(exit, config.training.timeoutSeconds);
  log('error', 'training-failed', {
    participation: entry.participation,
    reason: told,
    stderr: tail || undefined,
  });
  const shared = config.policy.shareTrainerErrors && tail !== '' ? `${told}: ${tail}` : told;
  const slug = exit.end === 'timeout' ? 'trainer-timeout' : 'trainer-exit';
  return { result: 'failed', slug, detail: wellFormed(shared.slice(0, 2_000)) };
}

function describeExit(exit: TrainerExit, timeoutSeconds: number): string {
  switch (exit.end) {
    case 'exited':
      return exit.code === RETRY_LATER
        ? 'The training command asked to be run later until no time was left'
        : `The training command ended with exit code ${exit.code}`;
    case 'killed':
      return `The training command was ended by ${exit.signal}`;
    case 'timeout':
      return `The training command was stopped after ${timeoutSeconds} s`;
    case 'not-started':
      return exit.reason;
    case 'stopped':
      return 'The training command was stopped';
  }
}

async function keep(
  { entry, work, log }: TrainTask,
  {
    task,
    key,
    base,
    seconds,
  }: { task: TaskDirectory; key: string; base: string | undefined; seconds: number },
): Promise<Trained> {
  const { plan, participation } = entry;
  const failed = (detail: string): Trained => {
    log('error', 'training-output-unfit', { participation, reason: detail });
    return { result: 'failed', slug: 'trainer-output', detail };
  };
  const figures = await readFigures(task.metrics, plan.kind === 'init');
  if (!figures.ok) return failed(figures.detail);
  const { numExamples, metrics, params } = figures;
  await clearResult(work.updates, key);
  const kept = { experiment: plan.experiment, round: plan.round, numExamples, metrics };
  if (plan.kind === 'evaluate') {
    await keepResult(work.updates, key, { ...kept, update: null });
  } else {
    const update = await writeCanonicalUpdate({
      trained: task.update,
      base,
      params,
      sentBytes: plan.encoding?.bytes,
      maxBytes: plan.limits.maxUpdateBytes,
      target: updateFile(work.updates, key),
    });
    if (!update.ok) return failed(update.detail);
    await commitState(join(work.state, plan.experiment), key, task.state);
    const { schema, bytes, norm } = update;
    await keepResult(work.updates, key, { ...kept, update: { schema: [...schema], bytes, norm } });
  }
  await clearTask(task);
  log('info', 'training-done', { participation, task: plan.kind, numExamples, seconds });
  return { result: 'kept' };
}

/** A cut may part a surrogate pair, and half of one cannot be signed. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
