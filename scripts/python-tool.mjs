// Programs from PyPI that check what Node cannot: each pinned, in an environment of its own under node_modules/.cache.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * The path of the program, installed on first use; undefined where this machine has no python3 with venv and pip.
 * @param {{ name: string, version: string, program: string }} tool its name on PyPI, exact version, its command
 */
export function pythonTool({ name, version, program }) {
  const probe = spawnSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' });
  if (probe.status !== 0) return undefined;
  const environment = resolve('node_modules', '.cache', 'tributary', `${name}-${version}`);
  const path = join(environment, 'bin', program);
  if (existsSync(path)) return path;
  mkdirSync(environment, { recursive: true });
  try {
    execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
    const pip = join(environment, 'bin', 'pip');
    execFileSync(pip, ['install', '--quiet', '--disable-pip-version-check', `${name}==${version}`], {
      stdio: 'inherit',
    });
  } catch (error) {
    // Half an environment would pass for a whole one the next time.
    rmSync(environment, { recursive: true, force: true });
    throw error;
  }
  return path;
}

/** What to say, and to end with, where the tool could not be had: in CI that is a failure. */
export function toolMissing(name) {
  process.stdout.write(`${name} was not run: python3 with venv and pip is not on this machine\n`);
  return process.env.CI === 'true' ? 1 : 0;
}
