import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Baseline, baselines } from '../../../examples/spam-filter/baselines.mjs';
import { evaluate } from '../../../examples/spam-filter/evaluate.mjs';
import { experimentPlan } from '../../../examples/spam-filter/experiment.mjs';
import type { Scores } from '../../../examples/spam-filter/scores.mjs';
import { simulate } from '../../../examples/spam-filter/simulate.mjs';
import { experimentSpec } from '../../../shared/contracts/spec.ts';
import { writeSafetensors } from '../../../shared/tensors/safetensors.ts';
import { temporaryDirectory } from '../../local/core/temporary-directory.ts';
import { preparedData, runScript } from './prepared-data.ts';

const prepared = preparedData();

test('experiment.json is a valid experiment, and training settings in it are the ones baselines use', () => {
  const text = readFileSync(
    new URL('../../../examples/spam-filter/experiment.json', import.meta.url),
    'utf8',
  );
  const spec = experimentSpec.parse(JSON.parse(text));
  expect(spec.silos).toEqual(Object.keys(prepared().split.silos));
  expect(spec.roundPolicy.quorum).toBe(spec.silos.length);
  expect(experimentPlan()).toEqual({ rounds: spec.rounds, seed: spec.seed, config: spec.training.config });
});

test('the federated model beats every silo alone and comes close to pooling all mails', async () => {
  const { data } = prepared();
  const out = join(await temporaryDirectory(), 'model.safetensors');
  const simulated = await runScript('simulate.mjs', ['--data', data, '--out', out, '--json']);
  const compared = await runScript('baselines.mjs', ['--data', data, '--json']);
  const rounds = JSON.parse(simulated.stdout) as Scores[];
  const rows = JSON.parse(compared.stdout) as Baseline[];
  expect(rows.map((row) => row.name)).toEqual(['silo-1', 'silo-2', 'silo-3', 'pooled']);

  const federated = evaluate({ data, model: out });
  expect(federated).toEqual({ mails: prepared().split.test.mails, ...rounds.at(-1) });
  const auc = federated.auc ?? 0;
  for (const row of rows.slice(0, 3)) {
    expect(auc - (row.scores.auc ?? 1), row.name).toBeGreaterThan(0.005);
    expect(federated.accuracy - row.scores.accuracy, row.name).toBeGreaterThan(0.03);
  }
  expect((rows.at(-1)?.scores.auc ?? 1) - auc).toBeLessThan(0.005);
  expect(auc).toBeGreaterThan(0.99);
}, 120_000);

test('models are scored on the command line, for people and for programs, whoever wrote the file', async () => {
  const { data } = prepared();
  const model = join(await temporaryDirectory(), 'model.safetensors');
  writeFileSync(
    model,
    writeSafetensors([
      { name: 'bias', dtype: 'F32', shape: [], data: new Uint8Array(4) },
      { name: 'weights', dtype: 'F32', shape: [8192], data: new Uint8Array(4 * 8192) },
    ]),
  );
  const json = await runScript('evaluate.mjs', ['--data', data, '--model', model, '--json']);
  expect(json).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(json.stdout)).toEqual(evaluate({ data, model }));
  const text = await runScript('evaluate.mjs', ['--data', data, '--model', model]);
  expect(text.stdout).toMatch(/^\d+ test mails: AUC 0\.5000, accuracy 0\.\d{4}\n$/);
  expect(await runScript('evaluate.mjs', ['--data', data])).toMatchObject({ code: 1 });
});

test('imported into a program, the scripts do not run by themselves', () => {
  expect([baselines, evaluate, simulate].map((script) => typeof script)).toEqual(Array(3).fill('function'));
  expect(process.exitCode ?? 0).toBe(0);
});
