// Attack runs on real digits: 20 silos, 6 of them hostile.
// npm run attacks [-- --seeds 5 --rounds 20 --digits 8000 --alpha 0.3 --json --record]
// [--rule median --rule trimmed-mean] [--attack sign-flip] for some of the table.
// --spread asks instead how some rules do with fewer digits and with silos that differ.
// --record writes the table into docs/attacks.md.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { bundleScript } from './bundle-script.mjs';
import { onThreads } from './on-threads.mjs';
import { writeSection } from './write-section.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '20' },
    digits: { type: 'string', default: '8000' },
    alpha: { type: 'string' },
    rule: { type: 'string', multiple: true },
    attack: { type: 'string', multiple: true },
    spread: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

/** @param {string} message @returns {never} */
function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const [seedCount, rounds, digits] = /** @type {const} */ (['seeds', 'rounds', 'digits']).map((name) => {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1) refuse(`--${name} must be a whole number, at least 1`);
  return number;
});
const alpha = values.alpha === undefined ? undefined : Number(values.alpha);
if (alpha !== undefined && !(alpha > 0)) refuse('--alpha must be greater than 0');

await import('./build.mjs');
const bundle = await bundleScript('test/attacks/run.ts');
const { defences, attackNames, rowsOf } = await import(bundle);
const { rule = Object.keys(defences), attack = attackNames } = values;
const unknown = [
  ...rule.filter((name) => !Object.hasOwn(defences, name)),
  ...attack.filter((name) => !attackNames.includes(name)),
];
if (unknown.length > 0) {
  const known = `rules: ${Object.keys(defences).join('; ')}. Attacks: ${attackNames.join('; ')}.`;
  refuse(`there is no ${unknown.join(', ')}. ${known}`);
}
const partial = values.rule ?? values.attack;
if (values.record && partial !== undefined) refuse('--record takes the whole table');
if (values.spread && (partial ?? values.alpha) !== undefined) {
  refuse('--spread takes neither --rule, --attack nor --alpha');
}

const percent = (/** @type {number} */ value) => `${(100 * value).toFixed(1)} %`;
const cells = (/** @type {readonly string[]} */ row) => `| ${row.join(' | ')} |`;

/** Rows of each rule in each task: [task][rule][attack]. */
async function measure(tasks, rules, attacks) {
  const seeds = Array.from({ length: seedCount }, (_, i) => i + 1);
  const jobs = tasks.flatMap((task) =>
    rules.flatMap((defence) => seeds.map((seed) => ({ ...task, rounds, defence, seed, attacks }))),
  );
  const answers = await onThreads(new URL('./attack-thread.mjs', import.meta.url), {
    workerData: { bundle },
    jobs,
    threads: availableParallelism(),
    done: (job, results) => {
      const figures = Object.entries(results).map(([name, { accuracy }]) => `${name} ${percent(accuracy)}`);
      const which = `${job.digits} digits${job.alpha ? `, alpha ${job.alpha}` : ''}, seed ${job.seed}`;
      process.stderr.write(`${job.defence}, ${which}: ${figures.join(', ')}\n`);
    },
  });
  return tasks.map((_task, t) =>
    rules.map((_rule, r) => {
      const from = (t * rules.length + r) * seedCount;
      return rowsOf(attacks, answers.slice(from, from + seedCount));
    }),
  );
}

async function everyRule() {
  const attacks = ['none', ...attack.filter((name) => name !== 'none')];
  const [rows = []] = await measure([{ digits, alpha }], rule, attacks);
  return [
    ['rule', 'attack', 'accuracy', 'kept', 'kept, worst seed', 'backdoor'],
    ...rows.flatMap((ofRule, r) =>
      ofRule.map((row) => [
        rule[r],
        row.attack,
        percent(row.accuracy),
        percent(row.kept),
        percent(row.keptAtWorst),
        percent(row.backdoor),
      ]),
    ),
  ];
}

async function spread() {
  const rules = ['median', 'trimmed-mean', 'geometric-median', 'multi-krum'];
  const attacks = ['none', 'sign-flip', 'alie'];
  const tasks = [
    { digits: 8_000 },
    { digits: 4_000 },
    { digits: 2_000 },
    { digits: 8_000, alpha: 1 },
    { digits: 8_000, alpha: 0.3 },
  ];
  const measured = await measure(tasks, rules, attacks);
  return [
    ['digits per silo', 'silos', 'attack', ...rules],
    ...tasks.flatMap((task, t) =>
      attacks.map((name, a) => [
        String(task.digits / 20),
        task.alpha === undefined ? 'alike' : `alpha ${task.alpha}`,
        name,
        ...(measured[t] ?? []).map((rows) =>
          percent(name === 'none' ? rows[a].accuracy : rows[a].keptAtWorst),
        ),
      ]),
    ),
  ];
}

const [head = [], ...body] = await (values.spread ? spread() : everyRule());
const table = [head, head.map(() => '---'), ...body].map(cells).join('\n');
if (values.json) console.log(JSON.stringify({ seeds: seedCount, rounds, head, body }));
else console.log(table);
if (values.record) {
  const options = values.spread ? '--spread' : `--digits ${digits}${alpha ? ` --alpha ${alpha}` : ''}`;
  const how = `\`npm run attacks -- ${options} --seeds ${seedCount} --rounds ${rounds}\``;
  writeSection('docs/attacks.md', values.spread ? 'spread' : 'attacks', `${how}\n\n${table}`);
}
