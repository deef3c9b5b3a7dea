import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Tries again, for about half a minute, what failed by a fault of ours. An abandoned message comes back at once, so
 * without this a store that restarts would use up a message's deliveries in a second and dead-letter it.
 */
export async function patiently<T>(operation: () => Promise<T>, log: (message: string) => void): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (attempt >= 8) throw error;
      log(`attempt ${attempt} failed, trying again: ${error instanceof Error ? error.message : 'unknown'}`);
      await sleep(Math.min(8_000, 150 * 2 ** attempt) * (0.5 + Math.random() / 2));
    }
  }
}
