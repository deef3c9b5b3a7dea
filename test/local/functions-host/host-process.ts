/** Runs the host as it runs in production: a process of its own over a bundled app. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const cleanups: (() => void)[] = [];

export interface BuiltFixture {
  readonly appDirectory: string;
  readonly hostEntry: string;
}

/** Bundles the host and the fixture app to where node finds the repository's packages. */
export async function buildFixture(): Promise<BuiltFixture> {
  const out = resolve('node_modules/.cache', `tributary-host-test-${process.pid}-${Date.now()}`);
  cleanups.push(() => rmSync(out, { recursive: true, force: true }));
  await build({
    entryPoints: {
      'app/app': 'test/local/functions-host/fixture-app/app.ts',
      host: 'local/functions-host/main.ts',
    },
    outdir: out,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  const appDirectory = join(out, 'app');
  writeFileSync(join(out, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(appDirectory, 'package.json'), JSON.stringify({ type: 'module', main: 'app.js' }));
  copyFileSync('test/local/functions-host/fixture-app/host.json', join(appDirectory, 'host.json'));
  return { appDirectory, hostEntry: join(out, 'host.js') };
}

export function dataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-host-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const running = new Set<ChildProcess>();

export interface HostProcess {
  readonly origin: string;
  readonly keys: { readonly master: string; readonly function: string; readonly durable: string };
  readonly pid: number;
  /** Resolves with the exit code, null after a signal. */
  readonly exited: Promise<number | null>;
  /** What it has written to stderr so far. */
  log(): string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
  disconnect(): Promise<number | null>;
}

export async function startHostProcess(
  fixture: BuiltFixture,
  data: string,
  environment: Record<string, string> = {},
): Promise<HostProcess> {
  mkdirSync(data, { recursive: true });
  const child = spawn(
    process.execPath,
    [fixture.hostEntry, '--app', fixture.appDirectory, '--data', data, '--port', '0'],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  running.add(child);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = new Promise<number | null>((done) => {
    child.once('exit', (code) => {
      running.delete(child);
      done(code);
    });
  });
  const port = await new Promise<number>((ready, failed) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const line = /^\{"ready":true,"port":(\d+)\}$/m.exec(text);
      if (line) ready(Number(line[1]));
    });
    void exited.then((code) => failed(new Error(`the host ended with ${code}: ${log}`)));
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    keys: JSON.parse(readFileSync(join(data, 'keys.json'), 'utf8')) as HostProcess['keys'],
    pid: child.pid ?? 0,
    exited,
    log: () => log,
    async kill(signal) {
      child.kill(signal);
      return exited;
    },
    async disconnect() {
      child.disconnect();
      return exited;
    },
  };
}

export async function stopAll(): Promise<void> {
  for (const child of running) {
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await gone;
  }
  for (const cleanup of cleanups.splice(0)) cleanup();
}
