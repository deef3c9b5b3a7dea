#!/usr/bin/env node
// The trainer that a silo's agent runs: a plain executable that reads a task from a folder and writes its answer there.
//   in   TRIBUTARY_TASK_DIR/task.json, model.safetensors; TRIBUTARY_DATA_DIR/train.bin, validation.bin
//   out  TRIBUTARY_TASK_DIR/update.safetensors (whole weights), metrics.json
//   exit 0 done, 75 try again later (the machine is short of something), anything else failed, reason on stderr
// Same task, same data, same silo: same bytes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAsScript } from '../shared/script.mjs';
import { writeJson } from '../shared/whole-file.mjs';
import { predict, trainModel } from './logistic-regression.mjs';
import { readMailSet } from './mail-set.mjs';
import { readModel, writeModel, zeroModel } from './model-file.mjs';
import { scoresOf } from './scores.mjs';
import { trainingConfig } from './training-config.mjs';

/** Error codes of a machine that is short of something for the moment. */
const PASSING_TROUBLES = new Set(['EAGAIN', 'EBUSY', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC']);

/**
 * @typedef {object} Task
 * @property {string} task init, train or evaluate
 * @property {number} round
 * @property {number} [seed]
 * @property {Record<string, unknown>} [config]
 *
 * @typedef {{ numExamples: number, metrics: Record<string, number> }} Report
 */

/**
 * Does one task in its folder.
 * @param {{ taskDirectory: string, dataDirectory: string, silo: string }} places
 * @returns {Report} also written to metrics.json
 */
export function doTask({ taskDirectory, dataDirectory, silo }) {
  /** @type {Task} */
  const {
    task,
    round,
    seed = 0,
    config = {},
  } = JSON.parse(readFileSync(join(taskDirectory, 'task.json'), 'utf8'));
  const settings = trainingConfig(config);
  const mailsOf = (/** @type {string} */ part) => someMails(join(dataDirectory, `${part}.bin`));
  const received = () => readModel(join(taskDirectory, 'model.safetensors'));
  const update = join(taskDirectory, 'update.safetensors');

  /** @type {Report} */
  let report;
  switch (task) {
    case 'init': {
      const mails = mailsOf('train');
      writeModel(update, zeroModel(mails.dimensions));
      report = { numExamples: mails.labels.length, metrics: {} };
      break;
    }
    case 'train': {
      const [model, mails, validation] = [received(), mailsOf('train'), mailsOf('validation')];
      // The model as received: it is the published version that these figures belong to.
      const metrics = score(model, validation);
      writeModel(update, {
        ...model,
        ...trainModel(model, mails, settings, trainingSeed(seed, round, silo)),
      });
      report = { numExamples: mails.labels.length, metrics };
      break;
    }
    case 'evaluate': {
      const validation = mailsOf('validation');
      report = { numExamples: validation.labels.length, metrics: score(received(), validation) };
      break;
    }
    default:
      throw new Error(`this trainer does init, train and evaluate, not ${task}`);
  }
  writeJson(join(taskDirectory, 'metrics.json'), report);
  return report;
}

/**
 * Seed of the order in which a silo goes through its mails in a round.
 * @param {number} seed the experiment's
 * @param {number} round
 * @param {string} silo
 */
export function trainingSeed(seed, round, silo) {
  return `${seed} ${round} ${silo}`;
}

/**
 * @param {import('./logistic-regression.mjs').Model} model
 * @param {import('./mail-set.mjs').MailSet} mails
 * @returns {Record<string, number>}
 */
function score(model, mails) {
  return { ...scoresOf(predict(model, mails), mails.labels) };
}

/** @param {string} file */
function someMails(file) {
  const mails = readMailSet(file);
  if (mails.labels.length === 0) throw new Error(`${file} holds no mail`);
  return mails;
}

/** @param {string} name */
function required(name) {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set; the silo agent sets it`);
  return value;
}

/**
 * @param {unknown} error
 * @returns {1 | 75} 75 when the same task may well succeed later on this machine
 */
export function exitCodeOf(error) {
  return error instanceof Error && 'code' in error && PASSING_TROUBLES.has(String(error.code)) ? 75 : 1;
}

function main() {
  doTask({
    taskDirectory: required('TRIBUTARY_TASK_DIR'),
    dataDirectory: required('TRIBUTARY_DATA_DIR'),
    silo: required('TRIBUTARY_SILO'),
  });
}

runAsScript(import.meta.url, 'train.mjs', main, exitCodeOf);
