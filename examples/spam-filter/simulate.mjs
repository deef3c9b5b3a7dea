// node simulate.mjs --data DIR [--out FILE] [--json]
// The experiment's arithmetic in one process, without a coordinator: to try settings and other splits in a second.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAsScript } from '../shared/script.mjs';
import { experimentPlan } from './experiment.mjs';
import { predict, trainModel } from './logistic-regression.mjs';
import { readMailSet } from './mail-set.mjs';
import { writeModel, zeroModel } from './model-file.mjs';
import { scoresOf } from './scores.mjs';
import { SILOS } from './split.mjs';
import { trainingSeed } from './train.mjs';

/** @typedef {import('./logistic-regression.mjs').Model} Model */

/**
 * Federated averaging over the silos' own mails.
 * @param {{ data: string, plan?: ReturnType<typeof experimentPlan> }} options folder that prepare.mjs wrote
 * @returns {{ model: Model, rounds: import('./scores.mjs').Scores[] }} last model; test scores after every round
 */
export function simulate({ data, plan = experimentPlan() }) {
  const test = readMailSet(join(data, 'test', 'test.bin'));
  const silos = SILOS.map((name) => ({ name, mails: readMailSet(join(data, name, 'train.bin')) }));
  /** @type {Model} */
  let model = zeroModel(test.dimensions);
  const rounds = [];
  for (let round = 1; round <= plan.rounds; round++) {
    const updates = silos.map(({ name, mails }) => ({
      numExamples: mails.labels.length,
      model: trainModel(model, mails, plan.config, trainingSeed(plan.seed, round, name)),
    }));
    model = weightedMean(updates);
    rounds.push(scoresOf(predict(model, test), test.labels));
  }
  return { model, rounds };
}

/**
 * @param {readonly { numExamples: number, model: Model }[]} updates
 * @returns {Model}
 */
function weightedMean(updates) {
  const total = updates.reduce((sum, { numExamples }) => sum + numExamples, 0);
  const weights = new Float64Array(updates[0]?.model.weights.length ?? 0);
  let bias = 0;
  for (const { numExamples, model } of updates) {
    const share = numExamples / total;
    for (const [column, weight] of model.weights.entries())
      weights[column] = (weights[column] ?? 0) + share * weight;
    bias += share * model.bias;
  }
  return { weights: Float32Array.from(weights), bias: Math.fround(bias) };
}

function main() {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, out: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  if (values.data === undefined) throw new Error('usage: node simulate.mjs --data DIR [--out FILE] [--json]');
  const { model, rounds } = simulate({ data: values.data });
  if (values.out !== undefined) writeModel(values.out, { ...model, biasShape: [1] });
  if (values.json) console.log(JSON.stringify(rounds));
  else {
    for (const [index, scores] of rounds.entries()) {
      const auc = scores.auc?.toFixed(4) ?? 'none';
      console.log(`round ${index + 1}: AUC ${auc}, accuracy ${scores.accuracy.toFixed(4)}`);
    }
  }
}

runAsScript(import.meta.url, 'simulate.mjs', main);
