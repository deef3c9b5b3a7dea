import { readFileSync } from 'node:fs';

/**
 * Names one run of one process: a pid is used again, a pid with its boot and start time is not. Empty where the
 * system does not tell, or when no such process runs.
 */
export function startOfProcess(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command stands in parentheses and may hold anything: count fields from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return '';
    return `${bootId()}/${fields[19] ?? ''}`;
  } catch {
    return '';
  }
}

/** Whether the process that was `pid` and started at `start` is still there. */
export function stillRuns(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return start === '' || startOfProcess(pid) === start;
}

/** Whether a start was noted since this machine was last started. */
export function sameBoot(start: string): boolean {
  try {
    return start.startsWith(`${bootId()}/`);
  } catch {
    return false;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
