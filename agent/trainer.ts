/**
 * Runs training code: any executable, in a process group of its own.
 *
 * 1. The group is killed as a whole when the command ends, runs out of time, or is no longer wanted: nothing that it
 *    started stays behind.
 * 2. Its pid and start are noted beside the task before the agent does anything else, so an agent that was killed
 *    finds and ends what it left running.
 * 3. It inherits no credentials: of the agent's environment it gets PATH, HOME, LANG and TZ.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { openBoundedLog } from './bounded-log.ts';
import { sameBoot, startOfProcess } from './process-run.ts';

const LOG_BYTES = 10 * 2 ** 20;
const TAIL_BYTES = 2_048;
const PID_FILE = 'trainer.json';

export interface TrainerCommand {
  readonly command: readonly string[];
  /** Where the command runs. */
  readonly directory: string;
  /** Where log.txt goes. */
  readonly taskDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type TrainerExit =
  | { readonly end: 'exited'; readonly code: number; readonly stderrTail: string }
  | { readonly end: 'killed'; readonly signal: string; readonly stderrTail: string }
  | { readonly end: 'not-started'; readonly reason: string }
  | { readonly end: 'timeout'; readonly stderrTail: string }
  | { readonly end: 'stopped' };

export async function runTrainer(task: TrainerCommand, signal: AbortSignal): Promise<TrainerExit> {
  const [program = '', ...args] = task.command;
  const log = await openBoundedLog(join(task.taskDirectory, 'log.txt'), LOG_BYTES, TAIL_BYTES);
  const child = spawn(program, args, {
    cwd: task.directory,
    env: { ...inheritedEnvironment(process.env), ...task.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pidFile = join(task.taskDirectory, PID_FILE);
  if (child.pid !== undefined) {
    const start = startOfProcess(child.pid);
    writeFileSync(pidFile, JSON.stringify({ pid: child.pid, start }), { mode: 0o600 });
  }
  child.stdout.on('data', (chunk: Buffer) => log.add(chunk, 'stdout'));
  child.stderr.on('data', (chunk: Buffer) => log.add(chunk, 'stderr'));
  const closed = new Promise((resolve) => child.once('close', resolve));

  let cut: 'timeout' | 'stopped' | undefined;
  const end = (why: 'timeout' | 'stopped'): void => {
    cut ??= why;
    killGroup(child.pid);
  };
  const timer = setTimeout(() => end('timeout'), task.timeoutMs);
  const stop = (): void => end('stopped');
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
    killGroup(child.pid);
    // A grandchild that left the group may hold the pipes open for ever.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    if (cut === 'stopped') return { end: 'stopped' };
    if (cut === 'timeout') return { end: 'timeout', stderrTail: log.stderrTail() };
    if (code === null) return { end: 'killed', signal: killedBy ?? '?', stderrTail: log.stderrTail() };
    return { end: 'exited', code, stderrTail: log.stderrTail() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { end: 'not-started', reason: `${program} could not be started (${code})` };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    child.stdout.destroy();
    child.stderr.destroy();
    rmSync(pidFile, { force: true });
    await log.close();
  }
}

/** Kills what an earlier agent left running for this task. */
export function killLeftover(taskDirectory: string): void {
  let note: { pid: number; start: string };
  try {
    note = z
      .strictObject({ pid: z.int().min(2), start: z.string().min(1) })
      .parse(JSON.parse(readFileSync(join(taskDirectory, PID_FILE), 'utf8')));
  } catch {
    return; // no note, or one that tells too little to be sure of the process
  }
  // Where the leader has ended, its number cannot belong to another group as long as this boot's group lives on.
  const present = startOfProcess(note.pid);
  if (present === note.start || (present === '' && sameBoot(note.start))) killGroup(note.pid);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // the whole group has ended already
  }
}

function inheritedEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'TZ'].map((name) => [name, own[name]] as const);
  return Object.fromEntries(kept.filter((pair): pair is [string, string] => pair[1] !== undefined));
}
