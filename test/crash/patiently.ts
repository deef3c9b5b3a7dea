import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats what fails because a process has just been killed, until `until` (epoch milliseconds). */
export async function patiently<T>(what: () => Promise<T>, until: number): Promise<T> {
  for (;;) {
    try {
      return await what();
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(200);
    }
  }
}
