import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';

/** Runs JavaScript that uses the SDK clients in a fresh process, with this environment besides PATH; gives its JSON answer. */
export async function runScript(script: string, env: Readonly<Record<string, string>>): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    timeout: 25_000,
  });
  return JSON.parse(stdout);
}

/** Bundles one of our TypeScript entries, so that a plain Node process can run it; gone with the test. */
export async function bundleEntry(entry: string): Promise<string> {
  // Under node_modules, where the packages that stay outside the bundle resolve.
  const directory = resolve('node_modules/.cache/tributary-tests');
  await mkdir(directory, { recursive: true });
  const outfile = `${directory}/${randomUUID()}.mjs`;
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  onTestFinished(() => rm(outfile, { force: true }));
  return outfile;
}

export interface RunningChild {
  readonly child: ChildProcess;
  /** The next line that the child prints; rejects when it ends before. */
  line(): Promise<string>;
  /** What the child printed before its end and `line` has not given yet. */
  rest(): AsyncIterable<string>;
  /** SIGKILL, resolved when the process is gone. */
  kill(): Promise<void>;
}

/** Starts a bundled entry whose printed lines the test reads one by one; killed with the test at the latest. */
export function startChild(file: string, args: readonly string[]): RunningChild {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  onTestFinished(kill);
  return {
    child,
    kill,
    rest: () => ({ [Symbol.asyncIterator]: () => lines }),
    async line() {
      const next = await lines.next();
      if (next.done) throw new Error('the child ended');
      return next.value;
    },
  };
}
