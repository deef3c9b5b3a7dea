/**
 * Keeps one process running: started, watched, started again when it dies.
 *
 * 1. A process that ends without being asked to is started again, after a pause that grows while it keeps dying.
 * 2. Children hold an IPC channel to this process and stop by themselves when it goes away, however it goes.
 * 3. A first start that fails is the caller's to report; later ones are retried.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessFailed } from './process-failed.ts';

export interface ProcessDescription {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Asked before each start: the environment may be written by a process that was started before. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Whether the process says `{"ready":true}` on stdout when it serves. */
  readonly announcesReady: boolean;
  readonly onRestart?: (name: string, how: string) => void;
}

export interface SupervisedProcess {
  readonly name: string;
  /** The process id right now, for tests and for people. */
  pid(): number | undefined;
  restarts(): number;
  stop(): Promise<void>;
}

const graceMs = 8_000;
/** A process that ends sooner than this after its start did not really start. */
const shortLifeMs = 3_000;

export async function superviseProcess(description: ProcessDescription): Promise<SupervisedProcess> {
  mkdirSync(dirname(description.logFile), { recursive: true });
  const log = createWriteStream(description.logFile, { flags: 'a', mode: 0o600 });
  let child: ChildProcess | undefined;
  let stopping = false;
  let restarts = 0;
  let shortLives = 0;
  let ended: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    const started = launch(description, log);
    const bornAt = performance.now();
    child = started.child;
    ended = started.ended.then(() => undefined);
    void started.ended.then(async (how) => {
      if (stopping || !started.wasReady()) return;
      description.onRestart?.(description.name, how);
      shortLives = performance.now() - bornAt < shortLifeMs ? shortLives + 1 : 0;
      // The first death is mended at once: a killed process should be missed as briefly as possible.
      if (shortLives > 0) await sleep(Math.min(10_000, 250 * 2 ** shortLives));
      await restart();
    });
    await started.ready;
  };

  const restart = async (): Promise<void> => {
    for (let pause = 200; !stopping; pause = Math.min(5_000, pause * 2)) {
      restarts += 1;
      try {
        await start();
        return;
      } catch {
        await sleep(pause);
      }
    }
  };

  await start();
  return {
    name: description.name,
    pid: () => child?.pid,
    restarts: () => restarts,
    async stop() {
      stopping = true;
      child?.kill('SIGTERM');
      const killer = setTimeout(() => child?.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(killer);
      log.end();
    },
  };
}

function launch(description: ProcessDescription, log: NodeJS.WritableStream) {
  const child = spawn(process.execPath, [description.script, ...description.args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...inherited(), ...description.environment() },
    // Not in this terminal's foreground group: Ctrl-C reaches this process, which stops the others in order.
    detached: true,
  });
  child.stderr?.pipe(log, { end: false });
  let isReady = !description.announcesReady;
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const ready = new Promise<void>((resolve, reject) => {
    if (isReady) resolve();
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.write(`${line}\n`);
      const said = parse(line);
      if (said?.ready === true) {
        isReady = true;
        resolve();
      } else if (said?.ready === false) {
        reject(new ProcessFailed(said.error ?? 'it could not start'));
      }
    });
    void ended.then((how) => {
      // Give the last line a moment to arrive: it says why.
      setTimeout(
        () => reject(new ProcessFailed(`${description.name} ended (${how}); see ${description.logFile}`)),
        100,
      );
    });
  });
  return { child, ready, ended, wasReady: () => isReady };
}

/** What a child gets of this process's environment: nothing that could lend it another identity. */
function inherited(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'SystemRoot', 'NODE_OPTIONS'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function parse(line: string): { ready?: boolean; error?: string } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
