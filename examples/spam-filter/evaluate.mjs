// node evaluate.mjs --data DIR --model FILE [--json]
// Scores a model on the test set, which no silo has seen.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAsScript } from '../shared/script.mjs';
import { predict } from './logistic-regression.mjs';
import { readMailSet } from './mail-set.mjs';
import { readModel } from './model-file.mjs';
import { scoresOf } from './scores.mjs';

/**
 * @param {{ data: string, model: string }} options folder that prepare.mjs wrote; model file (safetensors)
 * @returns {import('./scores.mjs').Scores & { mails: number }}
 */
export function evaluate({ data, model }) {
  const mails = readMailSet(join(data, 'test', 'test.bin'));
  return { mails: mails.labels.length, ...scoresOf(predict(readModel(model), mails), mails.labels) };
}

function main() {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      model: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.data === undefined || values.model === undefined) {
    throw new Error('usage: node evaluate.mjs --data DIR --model FILE [--json]');
  }
  const scores = evaluate({ data: values.data, model: values.model });
  if (values.json) console.log(JSON.stringify(scores));
  else {
    const auc = scores.auc?.toFixed(4) ?? 'none';
    console.log(`${scores.mails} test mails: AUC ${auc}, accuracy ${scores.accuracy.toFixed(4)}`);
  }
}

runAsScript(import.meta.url, 'evaluate.mjs', main);
