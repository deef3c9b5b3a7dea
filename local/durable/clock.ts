/** Time as a value: tests hand in a clock that they move by hand. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Runs `run` once, not before `milliseconds` have passed; returns a function that cancels it. */
  after(milliseconds: number, run: () => void): () => void;
}

const longestTimeout = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: Date.now,
  after(milliseconds, run) {
    let handle: NodeJS.Timeout;
    const wait = (left: number): void => {
      const step = Math.min(Math.max(left, 0), longestTimeout);
      handle = setTimeout(() => (left > step ? wait(left - step) : run()), step);
    };
    wait(milliseconds);
    return () => clearTimeout(handle);
  },
};

export interface AdvanceableClock extends Clock {
  /** Jumps ahead and runs what has become due, the earliest first. Throws a RangeError for a jump back. */
  advance(milliseconds: number): void;
  readonly aheadMilliseconds: number;
}

/** Runs as `base` does, ahead of it by what it was advanced. */
export function advanceableClock(base: Clock): AdvanceableClock {
  const waiting = new Set<{ readonly due: number; readonly run: () => void; cancel: () => void }>();
  let ahead = 0;
  const now = (): number => base.now() + ahead;
  return {
    now,
    after(milliseconds, run) {
      const entry = {
        due: now() + milliseconds,
        run: () => {
          waiting.delete(entry);
          run();
        },
        cancel: base.after(milliseconds, () => entry.run()),
      };
      waiting.add(entry);
      return () => {
        waiting.delete(entry);
        entry.cancel();
      };
    },
    advance(milliseconds) {
      if (!(milliseconds >= 0)) throw new RangeError('a clock can only be moved on');
      ahead += milliseconds;
      for (const entry of [...waiting].sort((one, other) => one.due - other.due)) {
        if (!waiting.has(entry)) continue; // cancelled by what ran before it
        entry.cancel();
        if (entry.due <= now()) entry.run();
        else entry.cancel = base.after(entry.due - now(), () => entry.run());
      }
    },
    get aheadMilliseconds() {
      return ahead;
    },
  };
}
