import type { Clock } from '../../../local/durable/clock.ts';

export interface ManualClock extends Clock {
  /** Moves time on and runs what has become due, in order. */
  advance(milliseconds: number): void;
  readonly waiting: number;
}

export function manualClock(start: number): ManualClock {
  let time = start;
  let waiting: { due: number; run: () => void }[] = [];
  return {
    now: () => time,
    after(milliseconds, run) {
      const entry = { due: time + Math.max(0, milliseconds), run };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    advance(milliseconds) {
      const end = time + milliseconds;
      for (;;) {
        const next = waiting.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        waiting = waiting.filter((other) => other !== next);
        time = Math.max(time, next.due);
        next.run();
      }
      time = end;
    },
    get waiting() {
      return waiting.length;
    },
  };
}
