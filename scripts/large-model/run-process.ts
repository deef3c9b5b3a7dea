/** Runs a bundled process with the coordinator's environment and gives the JSON that it prints. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleScript } from '../bundle-script.mjs';

export interface StartedProcess {
  readonly pid: number;
  /** What it printed; undefined where it was killed. Rejects where it failed. */
  readonly printed: Promise<unknown>;
}

/** @param entry a TypeScript file of the repository; its stderr is this process's */
export async function startProcess(
  entry: string,
  argument: unknown,
  environment: Readonly<Record<string, string>>,
): Promise<StartedProcess> {
  const script = fileURLToPath(await bundleScript(entry));
  const child = spawn(process.execPath, [script, JSON.stringify(argument)], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const printed = new Promise<unknown>((resolve, reject) => {
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined);
      else if (code !== 0) reject(new Error(`${entry} ended with ${signal ?? `code ${code}`}`));
      else resolve(JSON.parse(Buffer.concat(chunks).toString()));
    });
  });
  printed.catch(() => undefined);
  return { pid: child.pid ?? 0, printed };
}

export async function runProcess(
  entry: string,
  argument: unknown,
  environment: Readonly<Record<string, string>>,
): Promise<unknown> {
  return (await startProcess(entry, argument, environment)).printed;
}
