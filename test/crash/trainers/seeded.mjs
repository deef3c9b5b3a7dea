// Trains 2,000 parameters. Its bytes depend on the base model, the silo and the round's seed alone, so that runs of
// the same experiment can be compared by digest. Notes when it starts and ends in trainings.jsonl beside the data,
// and whether the agent had a result for this very task already.
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const parameters = 2_000;
const directory = process.env.TRIBUTARY_TASK_DIR ?? '';
const silo = process.env.TRIBUTARY_SILO ?? '';
const task = JSON.parse(readFileSync(join(directory, 'task.json'), 'utf8'));

/** @param {string} event @param {number} at epoch milliseconds */
function note(event, at) {
  const { experimentId: experiment, round, task: kind } = task;
  const line = { at, event, silo, experiment, round, task: kind, kept: resultIsKept() };
  appendFileSync(join(process.env.TRIBUTARY_DATA_DIR ?? '', 'trainings.jsonl'), `${JSON.stringify(line)}\n`);
}

/** Whether the agent's work directory holds a finished result of this experiment, round and kind of task. */
function resultIsKept() {
  const results = join(directory, '..', '..', 'updates');
  return readdirSync(results).some((key) => {
    try {
      const result = JSON.parse(readFileSync(join(results, key, 'result.json'), 'utf8'));
      const sameKind = (result.update === null) === (task.task === 'evaluate');
      return sameKind && result.experiment === task.experimentId && result.round === task.round;
    } catch {
      return false;
    }
  });
}

/** A number in [-0.5, 0.5) for a text: the first bytes of its digest. @param {string} text */
function noise(text) {
  return createHash('sha256').update(text).digest().readUInt32LE(0) / 2 ** 32 - 0.5;
}

function readParameters() {
  const bytes = readFileSync(join(directory, 'model.safetensors'));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  return Array.from({ length: parameters }, (_, index) => bytes.readFloatLE(start + 4 * index));
}

/** @param {number[]} values */
function writeParameters(values) {
  const data = Buffer.alloc(4 * parameters);
  for (const [index, value] of values.entries()) data.writeFloatLE(value, 4 * index);
  const header = { weights: { dtype: 'F32', shape: [parameters], data_offsets: [0, data.length] } };
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeDurably('update.safetensors', Buffer.concat([length, json, data]));
}

/** @param {string} name @param {string | Uint8Array} content */
function writeDurably(name, content) {
  writeFileSync(join(directory, `${name}.tmp`), content);
  renameSync(join(directory, `${name}.tmp`), join(directory, name));
}

// Its agent may have died since this process began.
note('start', performance.timeOrigin);
const { trainingMs, stragglerMs } = task.config;
const straggles = noise(`straggler/${silo}/${task.seed}`) > 0.1;
await sleep(trainingMs + (straggles && task.task === 'train' ? stragglerMs : 0));

if (task.task === 'init') {
  writeParameters(Array.from({ length: parameters }, (_, index) => noise(`init/${task.seed}/${index}`)));
} else {
  const base = readParameters();
  const target = noise(`target/${silo}`);
  const loss = base.reduce((sum, value) => sum + (value - target) ** 2, 0) / parameters;
  if (task.task === 'train') {
    const step = (/** @type {number} */ index) => noise(`${silo}/${task.seed}/${index}`) / 50;
    writeParameters(base.map((value, index) => value + (target - value) / 4 + step(index)));
  }
  const numExamples = 100 + Math.round(100 * (noise(`examples/${silo}`) + 0.5));
  writeDurably('metrics.json', JSON.stringify({ numExamples, metrics: { loss } }));
}
note('end', Date.now());
