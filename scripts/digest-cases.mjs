// Random aggregations, each done in several ways: blocks, kernels, threads, shards, kills, orders. One digest each.
// npm run digest-cases [-- --cases 500 --node 22 --record]; the digest over all cases is compared with the one that
// test/aggregation/digest-cases.sha256 keeps for that many, which --record writes. Exit code 1 where anything differs.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleScript } from './bundle-script.mjs';
import { fetchNode } from './fetch-node.mjs';

const record = 'test/aggregation/digest-cases.sha256';
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '500' },
    node: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const wrong = !/^[1-9]\d{0,4}$/.test(values.cases)
  ? '--cases is a whole number, 1 to 99999'
  : values.node !== undefined && values.node !== '22'
    ? '--node takes 22; without it the Node that runs this is used'
    : undefined;
if (wrong !== undefined) {
  process.stderr.write(`${wrong}\n`);
  process.exit(2);
}

await import('./build.mjs');
const other = values.node === undefined ? { node: process.execPath } : fetchNode();
if (other.node === undefined) {
  process.stderr.write(`${other.reason}\n`);
  process.exit(1);
}
const entry = fileURLToPath(await bundleScript('test/aggregation/digest-cases-process.ts'));
const { status, stdout } = spawnSync(other.node, [entry, values.cases], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) process.exit(1);
const { node, digest, aggregations, different } = JSON.parse(stdout);
for (const way of different) console.log(`DIFFERENT ${way}`);
console.log(
  `${values.cases} cases, ${aggregations} aggregations, ${different.length} different, Node ${node}`,
);
console.log(digest);

const kept = Object.fromEntries(
  readFileSync(record, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('  ').reverse()),
);
const name = `${values.cases} cases`;
if (values.record) {
  const lines = Object.entries({ ...kept, [name]: digest }).map(([of, sha256]) => `${sha256}  ${of}\n`);
  writeFileSync(record, lines.join(''));
} else if (kept[name] === undefined) console.log(`${record} keeps no digest of ${name}`);
else if (kept[name] !== digest) {
  console.log(`${record} keeps ${kept[name]}`);
  process.exitCode = 1;
}
if (different.length > 0) process.exitCode = 1;
