/** The directory that training code works in, by the native contract: task.json, model.safetensors, state/. */
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../shared/contracts/plan.ts';
import { writeFileDurably } from './durable-file.ts';
import { copyState } from './trainer-state.ts';
import { modelFile, type WorkDirectory } from './work-directory.ts';

export interface TaskDirectory {
  readonly path: string;
  readonly update: string;
  readonly metrics: string;
  readonly state: string;
}

export function taskDirectory(work: WorkDirectory, participation: string): TaskDirectory {
  const path = join(work.tasks, participation);
  return {
    path,
    update: join(path, 'update.safetensors'),
    metrics: join(path, 'metrics.json'),
    state: join(path, 'state'),
  };
}

/** A fresh directory for one try. The base model, if there is one, is in `models/` already. */
export async function prepareTask(options: {
  work: WorkDirectory;
  participation: string;
  silo: string;
  plan: Plan;
  key: string;
}): Promise<TaskDirectory> {
  const { work, plan, key, silo } = options;
  const task = taskDirectory(work, options.participation);
  await rm(task.path, { recursive: true, force: true });
  await mkdir(task.path, { mode: 0o700 });
  if (plan.base !== null) {
    // A copy (shared blocks where the file system can): training code may write into it.
    const model = join(task.path, 'model.safetensors');
    await copyFile(modelFile(work, plan.base.sha256), model, constants.COPYFILE_FICLONE);
  }
  await copyState(join(work.state, plan.experiment), key, task.state);
  await writeFileDurably(
    join(task.path, 'task.json'),
    `${JSON.stringify(taskDocument(plan, silo), null, 2)}\n`,
  );
  return task;
}

function taskDocument(plan: Plan, silo: string): object {
  return {
    schemaVersion: 1,
    experimentId: plan.experiment,
    experimentName: plan.experimentName,
    round: plan.round,
    totalRounds: plan.totalRounds,
    task: plan.kind,
    config: plan.task.config,
    seed: plan.task.seed,
    metrics: plan.task.metrics,
    deadline: plan.deadline,
    node: { silo, cohortSize: plan.cohortSize },
    params: { type: 'FULL', exchange: 'numpy' },
    ...(plan.traceparent === undefined ? {} : { traceparent: plan.traceparent }),
  };
}

/** What training code learns from its environment, besides the little that it inherits. */
export function taskEnvironment(options: {
  plan: Plan;
  silo: string;
  data: string;
  task: TaskDirectory;
  extra: Readonly<Record<string, string>>;
}): Record<string, string> {
  const { plan } = options;
  return {
    ...options.extra,
    TRIBUTARY_TASK_DIR: options.task.path,
    TRIBUTARY_DATA_DIR: options.data,
    TRIBUTARY_SILO: options.silo,
    TRIBUTARY_EXPERIMENT: plan.experiment,
    TRIBUTARY_ROUND: String(plan.round),
    TRIBUTARY_SEED: String(plan.task.seed),
  };
}

/** After the result is kept only the log is of use to anybody. */
export async function clearTask(task: TaskDirectory): Promise<void> {
  for (const name of await readdir(task.path)) {
    if (name !== 'log.txt') await rm(join(task.path, name), { recursive: true, force: true });
  }
}
