import type { Clock } from './ports.ts';

/** Lets one loop sleep until there is something to do. A ring while it is awake is not lost. */
export interface Wake {
  ring(this: void): void;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWake(clock: Clock): Wake {
  let rung = false;
  let sleeper: AbortController | undefined;
  return {
    ring() {
      rung = true;
      sleeper?.abort();
    },
    async wait(ms, signal) {
      if (!rung) {
        sleeper = new AbortController();
        await clock.sleep(ms, AbortSignal.any([signal, sleeper.signal]));
        sleeper = undefined;
      }
      rung = false;
    },
  };
}
