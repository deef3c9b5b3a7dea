// Checks who imports whom, and that the checker read the modules at all: a layer tool that silently reads nothing
// passes everything.
import { readFileSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import config from '../.dependency-cruiser.cjs';

const folders = ['functions', 'orchestrations', 'activities', 'shared', 'agent', 'local', 'cli'];
const fewestModules = 250;

const { output } = await cruise(process.argv.length > 2 ? process.argv.slice(2) : folders, {
  ...config.options,
  validate: true,
  ruleSet: { forbidden: config.forbidden },
});
const { summary, modules } = output;
const own = modules.filter((module) =>
  /^(functions|orchestrations|activities|shared|agent|local|cli)\//.test(module.source),
);
for (const { rule, from, to } of summary.violations) process.stdout.write(`${rule.name}: ${from} -> ${to}\n`);
process.stdout.write(
  `${own.length} modules, ${summary.totalDependenciesCruised} imports, ${summary.error} violations\n`,
);

// Orchestrations know the Durable SDK as types only: importing it costs a second and its runtime is the host's affair.
const typesOnly = own.filter(({ source }) => /^(orchestrations|shared\/durable)\//.test(source));
for (const { source } of typesOnly) {
  const text = readFileSync(source, 'utf8');
  if (/^import (?!type )[^;]*from 'durable-functions'/m.test(text)) {
    process.stdout.write(`durable-functions-types-only: ${source}\n`);
    process.exitCode = 1;
  }
}
if (own.length < fewestModules) {
  process.stdout.write(`only ${own.length} modules were read; at least ${fewestModules} are there\n`);
  process.exitCode = 1;
}
if (summary.error > 0) process.exitCode = 1;
