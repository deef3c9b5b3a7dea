import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `holds` is true: for things that happen in other processes. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const until = Date.now() + 25_000;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`not within 25 s: ${what}`);
    await sleep(40);
  }
}
