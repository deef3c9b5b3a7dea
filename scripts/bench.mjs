// Measures: npm run bench -- SUITE [--quick] [--full] [--only PART,...] [--json] [--record] [--require-peers]. A suite is bench/SUITE/run.ts with an
// exported `run(options)` that gives rows (bench/row.ts). --record writes the table into docs/benchmarks.md.
// Ends with 1 when a row misses its bar, and with --require-peers when there is no Python to compare with.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { bundleScript } from './bundle-script.mjs';
import { fetchAzurite } from './fetch-azurite.mjs';
import { fetchNode } from './fetch-node.mjs';
import { fetchPeers } from './fetch-peers.mjs';

const page = 'docs/benchmarks.md';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    full: { type: 'boolean', default: false },
    'require-peers': { type: 'boolean', default: false },
  },
});
const suites = readdirSync('bench').filter((name) => existsSync(`bench/${name}/run.ts`));
const [suite] = positionals;
if (suite === undefined || !suites.includes(suite)) {
  console.error(`name a suite: ${suites.join(', ')}`);
  process.exit(2);
}

await import('./build.mjs');
const only = values.only === '' ? [] : values.only.split(',');
const options = { quick: values.quick, full: values.full, only, report: (line) => console.error(line) };
if (suite === 'cloud' && (only.length === 0 || only.includes('blob'))) {
  const { folder, reason } = fetchAzurite();
  if (folder === undefined) console.error(`no comparison with Azurite: ${reason}`);
  else options.azurite = folder;
}
if (suite === 'aggregation') {
  const other = fetchNode();
  if (other.node !== undefined) options.otherNode = other.node;
  else console.error(`skipped: the same bytes under Node 22: ${other.reason}`);
  const { python, reason } = fetchPeers();
  if (python !== undefined) options.python = python;
  else {
    console.error(`skipped: every comparison with Flower and NVFlare, for want of Python and pip: ${reason}`);
    if (values['require-peers']) process.exit(1);
  }
}
const { run } = await import(await bundleScript(`bench/${suite}/run.ts`));
const rows = await run(options);

const holds = ({ value, bar, direction }) => (direction === 'min' ? value >= bar : value <= bar);
const figure = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const machine =
  `${cpus().length} x ${cpus()[0]?.model.trim()}, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, ` +
  `${type()} ${release()} ${arch()}, Node ${process.versions.node}`;
const cells = rows.map((row) => [
  row.name,
  `${figure(row.value)} ${row.unit}`,
  `${row.direction === 'min' ? 'at least' : 'at most'} ${row.bar}`,
  holds(row) ? 'holds' : 'MISSED',
  row.peer ?? '',
]);
const head = ['what', 'figure', 'bar', '', 'beside it'];

if (values.json) console.log(JSON.stringify({ suite, machine, quick: values.quick, rows }, undefined, 2));
else {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...cells);
  console.log(`${suite}${values.quick ? ' (quick)' : ''}: ${machine}\n${table.toString()}`);
}
if (values.record) record();
process.exit(rows.every(holds) ? 0 : 1);

/** Puts the table between the suite's two marks, at the end of the page where it has none yet. */
function record() {
  const begin = `<!-- bench ${suite}: written by \`npm run bench -- ${suite} --record\` -->`;
  const end = `<!-- bench ${suite}: end -->`;
  const line = (row) => `| ${row.join(' | ')} |`;
  const day = new Date().toISOString().slice(0, 10);
  const block = [
    begin,
    '',
    `${day}, ${machine}${values.quick ? ', quick form' : ''}.`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...cells.map(line),
    '',
    end,
  ].join('\n');
  const text = existsSync(page) ? readFileSync(page, 'utf8') : '# Benchmarks\n';
  const at = text.indexOf(begin);
  const after = text.indexOf(end);
  const next =
    at < 0
      ? `${text.trimEnd()}\n\n## ${suite}\n\n${block}\n`
      : text.slice(0, at) + block + text.slice(after + end.length);
  writeFileSync(page, next);
  execFileSync('node_modules/.bin/biome', ['format', '--write', page], { stdio: 'ignore' });
}
