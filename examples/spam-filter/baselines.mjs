// node baselines.mjs --data DIR [--json]
// What the federation is measured against: each silo on its own, and all mails in one place (which the silos cannot
// do). Everyone makes as many passes over the mails as the experiment does in all its rounds.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAsScript } from '../shared/script.mjs';
import { experimentPlan } from './experiment.mjs';
import { predict, trainModel } from './logistic-regression.mjs';
import { concatenated, readMailSet } from './mail-set.mjs';
import { zeroModel } from './model-file.mjs';
import { scoresOf } from './scores.mjs';
import { SILOS } from './split.mjs';

/**
 * @typedef {object} Baseline
 * @property {string} name a silo, or `pooled`
 * @property {number} mails trained on
 * @property {import('./scores.mjs').Scores} scores on the test set
 */

/**
 * @param {{ data: string, plan?: ReturnType<typeof experimentPlan> }} options folder that prepare.mjs wrote
 * @returns {Baseline[]} the silos in order, then `pooled`
 */
export function baselines({ data, plan = experimentPlan() }) {
  const test = readMailSet(join(data, 'test', 'test.bin'));
  const sets = SILOS.map((silo) => ({
    name: /** @type {string} */ (silo),
    mails: readMailSet(join(data, silo, 'train.bin')),
  }));
  sets.push({ name: 'pooled', mails: concatenated(sets.map((set) => set.mails)) });
  const config = { ...plan.config, epochs: plan.rounds * plan.config.epochs };
  return sets.map(({ name, mails }) => {
    const model = trainModel(zeroModel(mails.dimensions), mails, config, `${plan.seed} ${name} alone`);
    return { name, mails: mails.labels.length, scores: scoresOf(predict(model, test), test.labels) };
  });
}

function main() {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  if (values.data === undefined) throw new Error('usage: node baselines.mjs --data DIR [--json]');
  const found = baselines({ data: values.data });
  if (values.json) console.log(JSON.stringify(found));
  else {
    for (const { name, mails, scores } of found) {
      const auc = scores.auc?.toFixed(4) ?? 'none';
      console.log(`${name}: trained on ${mails} mails, AUC ${auc}, accuracy ${scores.accuracy.toFixed(4)}`);
    }
  }
}

runAsScript(import.meta.url, 'baselines.mjs', main);
