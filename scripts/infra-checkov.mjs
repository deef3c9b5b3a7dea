// A second opinion on infra/ by checkov, from PyPI: node scripts/infra-checkov.mjs. What it finds has to be exactly what
// infra/checkov-exceptions.json lists with a reason: neither more, nor an exception that is no longer needed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const version = '3.3.30';
/** Fewer would mean that checkov no longer reads the templates. */
const fewestPassed = 50;
const environment = resolve('node_modules', '.cache', 'tributary', `checkov-${version}`);
const program = join(environment, 'bin', 'checkov');

function can(...command) {
  const [file, ...args] = command;
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

function install() {
  if (existsSync(program)) return;
  mkdirSync(environment, { recursive: true });
  try {
    execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
    const pip = join(environment, 'bin', 'pip');
    execFileSync(pip, ['install', '--quiet', '--disable-pip-version-check', `checkov==${version}`], {
      stdio: 'inherit',
    });
  } catch (error) {
    // Half an environment would pass for a whole one the next time.
    rmSync(environment, { recursive: true, force: true });
    throw error;
  }
}

function failedChecks() {
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
  if (!can('python3', '-c', 'import venv, ensurepip')) {
    const missing = 'checkov was not run: python3 with venv and pip is not on this machine';
    process.stdout.write(`${missing}\n`);
    return process.env.CI === 'true' ? 1 : 0;
  }
  install();
  const { passed, failed } = failedChecks();
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
