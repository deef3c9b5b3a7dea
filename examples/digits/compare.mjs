// node compare.mjs [--silos 10] [--alpha 0.3] [--rounds 10] [--seed 1] [--strategies fedavg,median] [--data DIR] [--json]
// Runs the same task by every strategy, each as a whole experiment: real coordinator, real agents, sealed updates.
// Prints how good the last model is on digits that no silo has seen, and by how much the worst silo falls behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readDigitFile } from './digit-file.mjs';
import { readModel } from './model-file.mjs';
import { freshNetwork, score, train } from './network.mjs';
import { prepare } from './prepare.mjs';
import { comparedStrategies } from './strategies.mjs';
import { stay, tributary } from './tributary.mjs';

const trainer = fileURLToPath(new URL('./train.mjs', import.meta.url));

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number} accuracy on the test digits
 * @property {number} loss
 * @property {number} worstSilo accuracy on the digits of the silo that the model serves worst
 * @property {number} seconds
 * @property {number} [encodingError] what sending smaller updates changed of them, in the last round
 */

/** @param {{ silos: number, alpha: number, rounds: number, seed: number, names: readonly string[], data: string }} options */
async function compare({ silos: count, alpha, rounds, seed, names, data }) {
  const dealt = prepare({ data: join(data, 'digits'), silos: count, alpha, seed: String(seed) });
  for (const { silo, digits, perClass } of dealt)
    say(`${silo}: ${digits} digits, by class ${perClass.join(' ')}`);
  const silos = dealt.map(({ silo }) => silo);
  const setOf = (/** @type {string} */ silo) => readDigitFile(join(data, 'digits', silo, 'train.bin'));
  const test = readDigitFile(join(data, 'digits', 'test', 'test.bin'));
  const cloud = join(data, 'cloud');
  const where = ['--data', cloud];

  const stack = await stay(['up', ...where, '--port-base', '7470', '--json'], { untilItPrints: true });
  /** @type {Awaited<ReturnType<typeof stay>>[]} */
  const agents = [];
  try {
    for (const silo of silos) {
      const folder = join(data, 'digits', silo);
      const { configFile } = await tributary([
        'silo',
        'init',
        silo,
        ...where,
        '--train',
        `node ${trainer}`,
        '--data-dir',
        folder,
      ]);
      await tributary(['silo', 'register', '--config', configFile, ...where]);
      agents.push(await stay(['silo', 'run', '--config', configFile], { untilItPrints: false }));
    }
    /** @type {Row[]} */
    const rows = [];
    for (const { name, strategy, config, encoding } of comparedStrategies(count)) {
      if (names.length > 0 && !names.includes(name)) continue;
      const started = performance.now();
      const spec = {
        name: `digits by ${name}`.slice(0, 100),
        silos,
        rounds,
        strategy,
        initialModel: { kind: 'init', silo: 'silo-1' },
        roundPolicy: { quorum: count, deadlineSeconds: 600, graceSeconds: 0 },
        training: { config: { epochs: 1, learningRate: 0.1, batchSize: 20, ...config }, encoding },
        evaluation: { finalRound: false },
        seed,
      };
      const view = await tributary(['experiment', 'create', '-', '--watch', ...where], JSON.stringify(spec));
      if (view.status !== 'completed') throw new Error(`${name}: ${view.status}: ${view.reason?.detail}`);
      const file = join(data, `${name.replaceAll(/[^a-z0-9]+/g, '-')}.safetensors`);
      await tributary(['model', 'download', view.experiment, '-o', file, ...where]);
      const { network } = readModel(file);
      const worstSilo = Math.min(...silos.map((silo) => score(network, setOf(silo)).accuracy));
      const row = {
        name,
        ...score(network, test),
        worstSilo,
        seconds: (performance.now() - started) / 1_000,
        encodingError: view.metrics.at(-1)?.metrics.encodingError,
      };
      rows.push(row);
      const error = row.encodingError === undefined ? '' : `, encoding error ${row.encodingError.toFixed(5)}`;
      say(`${name}: accuracy ${row.accuracy.toFixed(4)}${error}, ${row.seconds.toFixed(0)} s`);
    }
    return { rows, alone: alone({ silos, rounds, seed, setOf, test }) };
  } finally {
    await Promise.all(agents.map(({ stop }) => stop()));
    await stack.stop();
  }
}

/**
 * What the silos reach without each other, with as many passes over their digits.
 * @param {{ silos: readonly string[], rounds: number, seed: number, setOf: (silo: string) => import('./digits.mjs').DigitSet, test: import('./digits.mjs').DigitSet }} options
 * @returns {number[]} accuracies on the test digits, in order of the silos
 */
function alone({ silos, rounds, seed, setOf, test }) {
  const config = { epochs: rounds, learningRate: 0.1, batchSize: 20, proximal: 0 };
  return silos.map((silo) => {
    const { network } = train(freshNetwork(String(seed)), setOf(silo), config, `${seed} ${silo} alone`);
    return score(network, test).accuracy;
  });
}

const { values } = parseArgs({
  options: {
    silos: { type: 'string', default: '10' },
    alpha: { type: 'string', default: '0.3' },
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    strategies: { type: 'string', default: '' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const data =
  values.data === undefined ? mkdtempSync(join(tmpdir(), 'tributary-digits-')) : resolve(values.data);
const names = values.strategies === '' ? [] : values.strategies.split(',').map((name) => name.trim());
try {
  const known = comparedStrategies(Number(values.silos)).map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no strategy ${unknown} here; there are: ${known.join(', ')}`);
  const { rows, alone: single } = await compare({
    silos: Number(values.silos),
    alpha: Number(values.alpha),
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    names,
    data,
  });
  if (values.json) console.log(JSON.stringify({ rows, alone: single }));
  else {
    console.log(`${'strategy'.padEnd(28)} accuracy     loss  worst silo  seconds`);
    for (const { name, accuracy, loss, worstSilo, seconds } of rows) {
      const cells = [
        accuracy.toFixed(4).padStart(8),
        loss.toFixed(3).padStart(8),
        worstSilo.toFixed(4).padStart(11),
      ];
      console.log(`${name.padEnd(28)} ${cells.join(' ')} ${seconds.toFixed(0).padStart(8)}`);
    }
    const best = Math.max(...single);
    const mean = single.reduce((sum, value) => sum + value, 0) / single.length;
    console.log(`${'each silo alone'.padEnd(28)} best ${best.toFixed(4)}, mean ${mean.toFixed(4)}`);
  }
} catch (error) {
  process.stderr.write(`compare.mjs: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  if (values.data === undefined) rmSync(data, { recursive: true, force: true });
}
