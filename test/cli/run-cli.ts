import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../cli/up/package-root.ts';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly done: Promise<CliResult>;
  /** Resolves once the output so far, stdout and stderr together, contains the text. */
  says(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

const main = join(packageRoot(), 'dist', 'cli', 'main.js');

/** Starts the built command line with an environment that lends it no identity. */
export function startCli(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; stdin?: string } = {},
): RunningCli {
  const child = spawn(process.execPath, [main, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', NO_COLOR: '1', ...options.env },
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  const heard = new Set<() => void>();
  const listen = (stream: NodeJS.ReadableStream, keep: (text: string) => void): void => {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      keep(text);
      for (const tell of heard) tell();
    });
  };
  listen(child.stdout, (text) => (stdout += text));
  listen(child.stderr, (text) => (stderr += text));
  child.stdin.end(options.stdin ?? '');
  const done = new Promise<CliResult>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    done,
    kill: (signal) => void child.kill(signal),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!`${stdout}${stderr}`.includes(text)) return;
          heard.delete(look);
          resolve();
        };
        heard.add(look);
        look();
        void done.then(() => reject(new Error(`ended without saying ${text}: ${stdout}${stderr}`)));
      }),
  };
}

export function cli(args: readonly string[], options?: Parameters<typeof startCli>[1]): Promise<CliResult> {
  return startCli(args, options).done;
}

/** The one JSON document on stdout. */
export function jsonOf<T>(result: CliResult): T {
  return JSON.parse(result.stdout) as T;
}
