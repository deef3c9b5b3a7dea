// A second opinion on infra/ by checkov, from PyPI: node scripts/infra-checkov.mjs. What it finds has to be exactly what
// infra/checkov-exceptions.json lists with a reason: neither more, nor an exception that is no longer needed.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pythonTool, toolMissing } from './python-tool.mjs';

const version = '3.3.30';
/** Fewer would mean that checkov no longer reads the templates. */
const fewestPassed = 50;
function failedChecks(program) {
  const args = ['-d', 'infra', '--framework', 'bicep', '--compact', '--quiet', '-o', 'json'];
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (!stdout.trim().startsWith('{')) throw new Error(`checkov said nothing that can be read: ${stderr}`);
  const { summary, results } = JSON.parse(stdout);
  if (summary.parsing_errors > 0 || summary.passed < fewestPassed) {
    throw new Error(`checkov read too little: ${JSON.stringify(summary)}`);
  }
  const failed = results.failed_checks.map((check) => ({
    key: `${check.check_id} ${check.file_path}`,
    text: `infra${check.file_path}:${check.file_line_range[0]}: ${check.check_id}: ${check.check_name}`,
  }));
  return { passed: summary.passed, failed };
}

function main() {
  const program = pythonTool({ name: 'checkov', version, program: 'checkov' });
  if (program === undefined) return toolMissing('checkov');
  const { passed, failed } = failedChecks(program);
  const exceptions = JSON.parse(readFileSync('infra/checkov-exceptions.json', 'utf8'));
  const expected = new Set(exceptions.flatMap(({ check, files }) => files.map((file) => `${check} ${file}`)));
  const found = new Set(failed.map(({ key }) => key));
  const surprises = failed.filter(({ key }) => !expected.has(key)).map(({ text }) => text);
  const stale = [...expected].filter((key) => !found.has(key)).map((key) => `no longer needed: ${key}`);
  const faults = [...surprises, ...stale];
  for (const line of faults) process.stdout.write(`${line}\n`);
  process.stdout.write(
    `checkov ${version}: ${passed} passed, ${failed.length} failed, of these ${surprises.length} without a reason\n`,
  );
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = main();
