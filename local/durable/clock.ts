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
