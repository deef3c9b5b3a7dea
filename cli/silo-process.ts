import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { CliError } from './cli-error.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { siloEnvironment } from './silo-files.ts';
import { bundles } from './up/package-root.ts';

const run = promisify(execFile);

/** The silo's registration, signed with its own key: a process of its own holds the silo's identity. */
export async function signRegistration(configFile: string, previousSig?: string): Promise<unknown> {
  const previous = previousSig === undefined ? [] : ['--previous-sig', previousSig];
  try {
    const { stdout } = await run(
      process.execPath,
      [bundles().registration, '--config', configFile, ...previous],
      {
        env: siloEnvironment(configFile),
      },
    );
    return JSON.parse(stdout) as unknown;
  } catch (error) {
    const said = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
    throw new CliError({
      slug: 'registration-failed',
      detail: `The silo could not sign its registration: ${said.trim() || String(error)}`,
      exitCode: exitCodes.failed,
      tryThis: `tributary silo run --config ${configFile} --check`,
    });
  }
}

/** Runs the agent until it ends; signals go on to it, and its exit code comes back. */
export function runAgentProcess(configFile: string, flags: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [bundles().agent, '--config', configFile, ...flags], {
    env: siloEnvironment(configFile),
    // The channel tells the agent when this process goes away, however it goes.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      const killed: ExitCode = signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.failed;
      resolve(code ?? killed);
    });
  });
}
