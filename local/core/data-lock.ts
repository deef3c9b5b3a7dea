/**
 * At most one process works on a data directory.
 *
 * Locks are numbered files `lock.1`, `lock.2`, ...; the highest number says who holds the directory.
 * 1. A lock file appears whole, by hard link, so exactly one process gets a number.
 * 2. The highest number is never removed, only marked released, so numbers only grow.
 * 3. Whoever gets a number looks again for a higher one and steps back when there is one: a process that fell asleep
 *    between its look and its link cannot resurrect a number that was given, released and cleaned away meanwhile.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isStillRunning, processStart } from './process-identity.ts';

export interface DataLock {
  release(): void;
}

export class DataDirectoryInUse extends Error {
  override readonly name = 'DataDirectoryInUse';
  readonly pid: number;
  constructor(directory: string, pid: number) {
    super(
      `${directory} is in use by process ${pid}. Stop that process first, or choose another data directory.`,
    );
    this.pid = pid;
  }
}

interface Holder {
  readonly pid: number;
  readonly start: string;
  readonly released?: boolean;
}

/** Takes the directory or throws {@link DataDirectoryInUse}. A lock left by a process that died is taken over. */
export function lockDataDirectory(directory: string): DataLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const mine = join(directory, `lock.${process.pid}.tmp`);
  const holder: Holder = { pid: process.pid, start: processStart(process.pid) };
  for (;;) {
    const top = highest(directory);
    if (top > 0) {
      const current = readHolder(join(directory, `lock.${top}`));
      if (current === 'gone') continue;
      if (current !== undefined && !current.released && isStillRunning(current.pid, current.start)) {
        throw new DataDirectoryInUse(directory, current.pid);
      }
    }
    const path = join(directory, `lock.${top + 1}`);
    writeFileSync(mine, JSON.stringify(holder), { mode: 0o600 });
    try {
      linkSync(mine, path);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue;
      throw error;
    } finally {
      rmSync(mine, { force: true });
    }
    if (highest(directory) > top + 1) {
      rmSync(path, { force: true });
      continue;
    }
    for (const number of lockNumbers(directory)) {
      if (number <= top) rmSync(join(directory, `lock.${number}`), { force: true });
    }
    return { release: () => markReleased(path, mine, holder) };
  }
}

function markReleased(path: string, temporary: string, holder: Holder): void {
  writeFileSync(temporary, JSON.stringify({ ...holder, released: true }), { mode: 0o600 });
  renameSync(temporary, path);
}

function lockNumbers(directory: string): number[] {
  return readdirSync(directory).flatMap((name) => {
    const match = /^lock\.(\d{1,15})$/.exec(name);
    return match?.[1] === undefined ? [] : [Number(match[1])];
  });
}

function highest(directory: string): number {
  return Math.max(0, ...lockNumbers(directory));
}

function readHolder(path: string): Holder | 'gone' | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('pid' in value) || typeof value.pid !== 'number') return undefined;
    if (!('start' in value) || typeof value.start !== 'string') return undefined;
    return { pid: value.pid, start: value.start, released: 'released' in value && value.released === true };
  } catch (error) {
    // A lock file that a power cut left empty belongs to no running process.
    if (error instanceof SyntaxError) return undefined;
    return 'gone';
  }
}
