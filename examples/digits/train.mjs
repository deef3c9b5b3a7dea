#!/usr/bin/env node
// The trainer that a silo's agent runs; docs/silo.md explains the contract. Same task, same data, same silo: same bytes.
// Reports `local_steps`, which the strategy `fednova` needs, and keeps SCAFFOLD's own control variate in state/.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAsScript } from '../shared/script.mjs';
import { writeJson } from '../shared/whole-file.mjs';
import { readDigitFile } from './digit-file.mjs';
import { readModel, writeModel, zeros } from './model-file.mjs';
import { freshNetwork, PARTS, score, train } from './network.mjs';
import { trainingConfig } from './training-config.mjs';

/** @typedef {import('./network.mjs').Network} Network */

/**
 * @param {{ taskDirectory: string, dataDirectory: string, silo: string }} places
 * @returns {{ numExamples: number, metrics: Record<string, number> }} also written to metrics.json
 */
export function doTask({ taskDirectory, dataDirectory, silo }) {
  const {
    task,
    round,
    seed = 0,
    config = {},
  } = JSON.parse(readFileSync(join(taskDirectory, 'task.json'), 'utf8'));
  const settings = trainingConfig(config);
  const received = () => readModel(join(taskDirectory, 'model.safetensors'));
  const update = join(taskDirectory, 'update.safetensors');
  const digits = readDigitFile(join(dataDirectory, 'train.bin'));
  const numExamples = digits.labels.length;

  /** @type {Record<string, number>} */
  let metrics = {};
  switch (task) {
    case 'init':
      writeModel(update, {
        network: freshNetwork(String(seed)),
        ...(settings.controlVariates ? { control: zeros() } : {}),
      });
      break;
    case 'train': {
      const model = received();
      // The model as received: it is the published version that these figures belong to.
      metrics = score(model.network, digits);
      const trained = trainModel(
        model,
        digits,
        settings,
        `${seed} ${round} ${silo}`,
        join(taskDirectory, 'state'),
      );
      writeModel(update, trained.model);
      metrics = { ...metrics, local_steps: trained.steps };
      break;
    }
    case 'evaluate':
      metrics = score(received().network, digits);
      break;
    default:
      throw new Error(`this trainer does init, train and evaluate, not ${task}`);
  }
  const report = { numExamples, metrics };
  writeJson(join(taskDirectory, 'metrics.json'), report);
  return report;
}

/**
 * With control variates: Karimireddy et al. 2020, "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning",
 * algorithm 1 with option II, c_i+ = c_i - c + (x - y_i) / (steps * rate). The update carries c + (c_i+ - c_i), so that
 * its difference from the model received is what the coordinator averages.
 *
 * @param {import('./model-file.mjs').StoredModel} model
 * @param {import('./digits.mjs').DigitSet} digits
 * @param {import('./training-config.mjs').DigitsConfig} config
 * @param {string} seed
 * @param {string} state folder that survives to the next round
 */
function trainModel({ network: received, control }, digits, config, seed, state) {
  if (control === undefined) {
    const { network, steps } = train(received, digits, config, seed);
    return { model: { network }, steps };
  }
  const kept = join(state, 'control.safetensors');
  const own = existsSync(kept) ? readModel(kept).network : zeros();
  const { network, steps } = train(
    received,
    digits,
    config,
    seed,
    (part, at) => (control[part][at] ?? 0) - (own[part][at] ?? 0),
  );
  const [next, sent] = [zeros(), zeros()];
  for (const part of PARTS) {
    for (let at = 0; at < next[part].length; at++) {
      const moved = ((received[part][at] ?? 0) - (network[part][at] ?? 0)) / (steps * config.learningRate);
      const change = moved - (control[part][at] ?? 0);
      next[part][at] = (own[part][at] ?? 0) + change;
      sent[part][at] = (control[part][at] ?? 0) + change;
    }
  }
  writeModel(kept, { network: next });
  return { model: { network, control: sent }, steps };
}

/** @param {string} name */
function required(name) {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set; the silo agent sets it`);
  return value;
}

runAsScript(import.meta.url, 'train.mjs', () =>
  doTask({
    taskDirectory: required('TRIBUTARY_TASK_DIR'),
    dataDirectory: required('TRIBUTARY_DATA_DIR'),
    silo: required('TRIBUTARY_SILO'),
  }),
);
