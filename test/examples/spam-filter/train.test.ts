import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeCanonicalUpdate } from '../../../agent/canonical-update.ts';
import { readFigures } from '../../../agent/reported-figures.ts';
import { doTask, exitCodeOf } from '../../../examples/spam-filter/train.mjs';
import { writeSafetensors } from '../../../shared/tensors/safetensors.ts';
import { readSafetensorsFile } from '../../../shared/tensors/safetensors-file.ts';
import { temporaryDirectory } from '../../local/core/temporary-directory.ts';
import { preparedData, runScript, type ScriptRun } from './prepared-data.ts';

const prepared = preparedData();
const DIMENSIONS = 8192;

interface TaskOptions {
  readonly task: string;
  readonly silo?: string;
  readonly round?: number;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly model?: Buffer;
}

/** A task directory as a silo's agent makes it. */
async function taskDirectory({ task, round = 1, config = {}, model }: TaskOptions): Promise<string> {
  const directory = await temporaryDirectory();
  const document = { schemaVersion: 1, experimentId: 'exp-1', round, totalRounds: 3, task, config, seed: 7 };
  writeFileSync(join(directory, 'task.json'), JSON.stringify(document));
  if (model !== undefined) writeFileSync(join(directory, 'model.safetensors'), model);
  return directory;
}

function environment(directory: string, silo = 'silo-1'): Record<string, string> {
  return {
    TRIBUTARY_TASK_DIR: directory,
    TRIBUTARY_DATA_DIR: join(prepared().data, silo),
    TRIBUTARY_SILO: silo,
  };
}

async function run(options: TaskOptions): Promise<ScriptRun & { readonly directory: string }> {
  const directory = await taskDirectory(options);
  return { directory, ...(await runScript('train.mjs', [], environment(directory, options.silo))) };
}

function modelBytes({
  biasShape = [1],
  weight = 0,
  dimensions = DIMENSIONS,
  dtype = 'F32' as const,
} = {}): Buffer {
  return writeSafetensors([
    { name: 'bias', dtype, shape: biasShape, data: new Uint8Array(4) },
    {
      name: 'weights',
      dtype,
      shape: [dimensions],
      data: new Uint8Array(new Float32Array(dimensions).fill(weight).buffer),
    },
  ]);
}

const updateOf = (directory: string): Buffer => readFileSync(join(directory, 'update.safetensors'));

test('the first model is zero weights and a zero bias', async () => {
  const { code, stderr, directory } = await run({ task: 'init', round: 0 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const file = await readSafetensorsFile(join(directory, 'update.safetensors'));
  if (!file.ok) throw new Error(file.detail);
  await file.close();
  expect(file.schema).toEqual([
    { name: 'weights', dtype: 'F32', shape: [DIMENSIONS] },
    { name: 'bias', dtype: 'F32', shape: [1] },
  ]);
  expect(
    updateOf(directory)
      .subarray(-4 * (DIMENSIONS + 1))
      .every((byte) => byte === 0),
  ).toBe(true);
  expect(await readFigures(join(directory, 'metrics.json'), true)).toMatchObject({ ok: true, metrics: {} });
});

test('training scores the model it received, and what it writes is what the agent takes', async () => {
  const { code, directory } = await run({ task: 'train', model: modelBytes() });
  expect(code).toBe(0);
  const { split } = prepared();
  const figures = await readFigures(join(directory, 'metrics.json'), false);
  expect(figures).toMatchObject({
    ok: true,
    params: 'FULL',
    numExamples: split.silos['silo-1'].train.length,
    metrics: { auc: 0.5, loss: expect.closeTo(Math.log(2), 6) },
  });
  const update = await writeCanonicalUpdate({
    trained: join(directory, 'update.safetensors'),
    base: join(directory, 'model.safetensors'),
    params: 'FULL',
    maxBytes: 2 ** 20,
    target: join(directory, 'canonical.safetensors'),
  });
  expect(update.ok && update.norm).toBeGreaterThan(1);
  expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('the same task gives the same bytes on any run; another silo, round or seed gives others', async () => {
  const model = modelBytes();
  const first = await run({ task: 'train', model });
  const again = await run({ task: 'train', model });
  expect(updateOf(again.directory).equals(updateOf(first.directory))).toBe(true);
  expect(readFileSync(join(again.directory, 'metrics.json'))).toEqual(
    readFileSync(join(first.directory, 'metrics.json')),
  );
  const nextRound = await run({ task: 'train', model, round: 2 });
  expect(updateOf(nextRound.directory).equals(updateOf(first.directory))).toBe(false);
  const otherName = await taskDirectory({ task: 'train', model });
  doTask({ taskDirectory: otherName, dataDirectory: join(prepared().data, 'silo-1'), silo: 'silo-9' });
  expect(updateOf(otherName).equals(updateOf(first.directory))).toBe(false);
});

test('training improves the score that the next round reports, and evaluating reports the same score', async () => {
  const first = await run({ task: 'train', model: modelBytes() });
  const model = updateOf(first.directory);
  const second = await run({ task: 'train', round: 2, model });
  const evaluated = await run({ task: 'evaluate', round: 3, model });
  const trained = await readFigures(join(second.directory, 'metrics.json'), false);
  const scored = await readFigures(join(evaluated.directory, 'metrics.json'), false);
  if (!trained.ok || !scored.ok) throw new Error('metrics.json is not as agreed');
  expect(trained.metrics['auc']).toBeGreaterThan(0.9);
  expect(scored.metrics).toEqual(trained.metrics);
  expect(scored.numExamples).toBe(prepared().split.silos['silo-1'].validation.length);
  expect(existsSync(join(evaluated.directory, 'update.safetensors'))).toBe(false);
});

test('a bias that came as a scalar goes back as a scalar', async () => {
  const { code, directory } = await run({ task: 'train', model: modelBytes({ biasShape: [] }) });
  expect(code).toBe(0);
  const file = await readSafetensorsFile(join(directory, 'update.safetensors'));
  if (!file.ok) throw new Error(file.detail);
  await file.close();
  expect(file.schema.find((tensor) => tensor.name === 'bias')?.shape).toEqual([]);
});

test('a strong proximal pull keeps the trained model nearer to the one received', async () => {
  const norms = [];
  for (const proximal of [0, 0.05]) {
    const config = { learningRate: 1, proximal };
    const { directory } = await run({ task: 'train', model: modelBytes(), config });
    const update = await writeCanonicalUpdate({
      trained: join(directory, 'update.safetensors'),
      base: join(directory, 'model.safetensors'),
      params: 'FULL',
      maxBytes: 2 ** 20,
      target: join(directory, 'canonical.safetensors'),
    });
    norms.push(update.ok ? update.norm : Number.NaN);
  }
  expect(norms[1]).toBeLessThan(norms[0] ?? 0);
});

test.each<[string, TaskOptions, RegExp]>([
  ['a task it does not know', { task: 'query' }, /does init, train and evaluate, not query/],
  [
    'a misspelt setting',
    { task: 'train', model: modelBytes(), config: { epoch: 2 } },
    /unknown setting epoch; known: /,
  ],
  [
    'a senseless setting',
    { task: 'train', model: modelBytes(), config: { batchSize: 0 } },
    /batchSize cannot be 0/,
  ],
  [
    'a setting of another type',
    { task: 'train', model: modelBytes(), config: { l2: '1' } },
    /l2 cannot be "1"/,
  ],
  ['no model', { task: 'train' }, /ENOENT/],
  ['half a model', { task: 'train', model: modelBytes().subarray(0, 900) }, /cut short/],
  [
    'a model that is no safetensors file',
    { task: 'evaluate', model: Buffer.from('{}') },
    /not a safetensors file/,
  ],
  ['a model of another length', { task: 'train', model: modelBytes({ dimensions: 16 }) }, /16 weights/],
  ['a model that is not finite', { task: 'train', model: modelBytes({ weight: Number.NaN }) }, /not finite/],
  [
    'training that overflows',
    { task: 'train', model: modelBytes({ weight: 3e38 }), config: { l2: 1 } },
    /diverged/,
  ],
])('%s fails the task in one line and leaves no result', async (_name, options, message) => {
  const { code, stderr, directory } = await run(options);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(directory, 'metrics.json'))).toBe(false);
  expect(existsSync(join(directory, 'update.safetensors'))).toBe(false);
});

test('a missing variable, missing mails and mails that are no mails fail the task', async () => {
  const directory = await taskDirectory({ task: 'init' });
  const env = environment(directory);
  const { TRIBUTARY_SILO: _, ...withoutSilo } = env;
  expect(await runScript('train.mjs', [], withoutSilo)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('TRIBUTARY_SILO is not set'),
  });
  const elsewhere = await temporaryDirectory();
  expect(await runScript('train.mjs', [], { ...env, TRIBUTARY_DATA_DIR: elsewhere })).toMatchObject({
    code: 1,
  });
  writeFileSync(join(elsewhere, 'train.bin'), 'Subject: hello');
  expect(await runScript('train.mjs', [], { ...env, TRIBUTARY_DATA_DIR: elsewhere })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not a mail set'),
  });
});

test('a result left by a killed run is replaced as a whole', async () => {
  const first = await run({ task: 'train', model: modelBytes() });
  const directory = await taskDirectory({ task: 'train', model: modelBytes() });
  writeFileSync(join(directory, 'update.safetensors'), 'half');
  writeFileSync(join(directory, 'metrics.json'), '{');
  expect(await runScript('train.mjs', [], environment(directory))).toMatchObject({ code: 0 });
  expect(updateOf(directory).equals(updateOf(first.directory))).toBe(true);
  expect(await readFigures(join(directory, 'metrics.json'), false)).toMatchObject({ ok: true });
});

test('the trainer needs nothing but its own folder, and reads the mails without changing them', async () => {
  const copy = await temporaryDirectory();
  cpSync(join(prepared().data, 'silo-1'), copy, { recursive: true });
  const directory = await taskDirectory({ task: 'train', model: modelBytes() });
  const env = { ...environment(directory), TRIBUTARY_DATA_DIR: copy };
  expect(await runScript('train.mjs', [], env)).toMatchObject({ code: 0 });
  expect(readdirSync(copy).sort()).toEqual(['train.bin', 'validation.bin']);
});

test('only troubles that pass ask to be tried again later', () => {
  expect(exitCodeOf(Object.assign(new Error('disk'), { code: 'ENOSPC' }))).toBe(75);
  expect(exitCodeOf(Object.assign(new Error('files'), { code: 'EMFILE' }))).toBe(75);
  expect(exitCodeOf(Object.assign(new Error('gone'), { code: 'ENOENT' }))).toBe(1);
  expect(exitCodeOf(new Error('bad model'))).toBe(1);
  expect(exitCodeOf('text')).toBe(1);
});
