// Attack runs on real digits: 20 silos, 6 of them hostile. npm run attacks [-- --seeds 5 --rounds 25 --digits 2000 --json --record]
// [--rule median --rule trimmed-mean] [--attack sign-flip] for some of the table.
// --record writes the table into docs/attacks.md.
import { parseArgs } from 'node:util';
import { bundleScript } from './bundle-script.mjs';
import { writeSection } from './write-section.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '25' },
    digits: { type: 'string', default: '2000' },
    rule: { type: 'string', multiple: true },
    attack: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const numbers = Object.fromEntries(
  ['seeds', 'rounds', 'digits'].map((name) => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 1) {
      process.stderr.write(`--${name} must be a whole number, at least 1\n`);
      process.exit(2);
    }
    return [name, number];
  }),
);

await import('./build.mjs');
const { run, defences, attackNames } = await import(await bundleScript('test/attacks/run.ts'));
const unknown = [
  ...(values.rule ?? []).filter((name) => !Object.hasOwn(defences, name)),
  ...(values.attack ?? []).filter((name) => !attackNames.includes(name)),
];
if (unknown.length > 0) {
  const known = `rules: ${Object.keys(defences).join('; ')}. Attacks: ${attackNames.join('; ')}.`;
  process.stderr.write(`there is no ${unknown.join(', ')}. ${known}\n`);
  process.exit(2);
}
if (values.record && (values.rule ?? values.attack) !== undefined) {
  process.stderr.write('--record takes the whole table\n');
  process.exit(2);
}
const percent = (value) => `${(100 * value).toFixed(1)} %`;
const line = ({ defence, attack, accuracy, backdoor, kept }) =>
  `| ${defence} | ${attack} | ${percent(accuracy)} | ${percent(kept)} | ${percent(backdoor)} |`;
const rows = await run({
  ...numbers,
  rules: values.rule,
  against: values.attack,
  report: (row) => process.stderr.write(`${line(row)}\n`),
});
const table = [
  '| rule | attack | accuracy | kept of its own clean accuracy, worst seed | backdoor |',
  '| --- | --- | --- | --- | --- |',
  ...rows.map(line),
].join('\n');
if (values.json) console.log(JSON.stringify({ ...numbers, rows }));
else console.log(table);
if (values.record) {
  const how = `\`npm run attacks -- --seeds ${numbers.seeds} --rounds ${numbers.rounds} --digits ${numbers.digits}\``;
  writeSection('docs/attacks.md', 'attacks', `${how}\n\n${table}`);
}
