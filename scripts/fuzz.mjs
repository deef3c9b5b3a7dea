// Coverage-guided fuzzing of all that parses a stranger's bytes.
// npm run fuzz [-- --seconds 60 --seed 1 --target NAME --json]; --seconds is for each target.
// An input that crashes a parser is written to fuzz-findings/ and the exit code is 1.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleScript } from './bundle-script.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const script = await bundleScript('test/fuzz/run.ts');
const { fuzz, targetNames } = await import(script);
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
const wrong =
  !(seconds > 0) || !Number.isInteger(seed)
    ? '--seconds is a number above 0, --seed a whole number'
    : values.target !== undefined && !targetNames.includes(values.target)
      ? `there is no target ${values.target}; there are ${targetNames.join(', ')}`
      : undefined;
if (wrong !== undefined) {
  process.stderr.write(`${wrong}\n`);
  process.exit(2);
}

const reports = [];
for (const target of values.target === undefined ? targetNames : [values.target]) {
  const report = await fuzz({
    target,
    seed,
    until: Date.now() + seconds * 1_000,
    script: basename(fileURLToPath(script)),
    now: Date.now,
    report: (line) => process.stderr.write(`${line}\n`),
  });
  for (const [index, { input, error }] of report.findings.entries()) {
    mkdirSync('fuzz-findings', { recursive: true });
    const file = join('fuzz-findings', `${target}-${seed}-${index}.bin`);
    writeFileSync(file, input);
    process.stderr.write(`FOUND ${file}\n${error}\n`);
  }
  reports.push({ ...report, findings: report.findings.length });
}
if (values.json) console.log(JSON.stringify(reports));
else {
  for (const { target, inputs, corpus, blocks, verdicts, findings } of reports) {
    const answers = Object.entries(verdicts).sort(([, a], [, b]) => b - a);
    console.log(`${target}: ${inputs} inputs, corpus ${corpus}, ${blocks} blocks, ${findings} findings`);
    console.log(`  ${answers.map(([answer, count]) => `${answer} ${count}`).join(', ')}`);
  }
}
if (reports.some(({ findings }) => findings > 0)) process.exitCode = 1;
