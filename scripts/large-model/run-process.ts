/** Runs a bundled process with the coordinator's environment and gives the JSON that it prints. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleScript } from '../bundle-script.mjs';

/** @param entry a TypeScript file of the repository; its stderr is this process's */
export async function runProcess(
  entry: string,
  argument: unknown,
  environment: Readonly<Record<string, string>>,
): Promise<unknown> {
  const script = fileURLToPath(await bundleScript(entry));
  const child = spawn(process.execPath, [script, JSON.stringify(argument)], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new Error(`${entry} ended with code ${code}`);
  return JSON.parse(Buffer.concat(printed).toString());
}
