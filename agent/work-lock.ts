/**
 * One agent per work directory: two would train the same task twice and race for the journal.
 *
 * 1. The lock file appears whole, by hard link, so exactly one process makes it.
 * 2. A lock of a process that no longer runs is moved aside before it is replaced, and of two that try, the one that
 *    moved the dead lock (not a fresh one) goes on.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { startOfProcess, stillRuns } from './process-run.ts';

const holder = z.strictObject({ pid: z.int(), start: z.string() });

export class WorkDirectoryInUse extends Error {
  override readonly name = 'WorkDirectoryInUse';
}

/** Takes the lock; answers how to release it. Throws {@link WorkDirectoryInUse}. */
export function lockWorkDirectory(root: string): () => void {
  const path = join(root, 'agent.lock');
  const own = JSON.stringify({ pid: process.pid, start: startOfProcess(process.pid) });
  const fresh = join(root, `agent.lock.${process.pid}`);
  writeFileSync(fresh, own, { mode: 0o600 });
  try {
    for (let tries = 0; tries < 10; tries++) {
      if (tryLink(fresh, path)) return () => release(path, own);
      const text = read(path);
      if (text === undefined) continue;
      const held = parseHolder(text);
      if (held !== undefined && stillRuns(held.pid, held.start)) {
        throw new WorkDirectoryInUse(
          `${root} is in use by process ${held.pid}: stop that agent, or give this one another workDirectory`,
        );
      }
      moveAside(path, text);
    }
    throw new WorkDirectoryInUse(`${root} is being taken by another agent`);
  } finally {
    rmSync(fresh, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function moveAside(path: string, dead: string): void {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // another agent was quicker
  }
  // What was moved may be a lock that someone took since we looked: then it goes back.
  if (read(aside) !== dead) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function release(path: string, own: string): void {
  if (read(path) === own) rmSync(path, { force: true });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): z.infer<typeof holder> | undefined {
  try {
    return holder.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // left empty by a power cut
  }
}
