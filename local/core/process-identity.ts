import { readFileSync } from 'node:fs';

/**
 * Names one run of one process: the pid is reused, the pid with its start time is not (and the boot id tells two
 * boots apart). Empty where the system has no /proc, or when no such process runs.
 */
export function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may hold anything, so count from its last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X' || startTicks === undefined) return '';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${startTicks}`;
  } catch {
    return '';
  }
}

/** Whether the process that was `pid` and began at `start` still runs. */
export function isStillRunning(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  // A process that was killed and not yet reaped still takes signals; processStart says '' for it.
  return start === '' || processStart(pid) === start;
}
