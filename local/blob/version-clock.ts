/**
 * Gives every write a number that no write had before, close to the time in microseconds. Version ids and ETags are
 * made of it, so neither ever comes back, not even when the machine's clock is set back or a blob is deleted.
 */
export interface VersionClock {
  /** @param now epoch milliseconds */
  next(now: number): number;
  /** Raises the floor to a number seen in the log. */
  atLeast(tick: number): void;
  readonly last: number;
}

export function createVersionClock(): VersionClock {
  let last = 0;
  return {
    next(now) {
      last = Math.max(last + 1, Math.floor(now) * 1000);
      return last;
    },
    atLeast(tick) {
      last = Math.max(last, tick);
    },
    get last() {
      return last;
    },
  };
}

/** Azure's form: a timestamp with seven decimals. Sorts as text in the order of writing. */
export function versionIdOf(tick: number): string {
  const milliseconds = new Date(Math.floor(tick / 1000)).toISOString().slice(0, -1);
  return `${milliseconds}${String(tick % 1000).padStart(3, '0')}0Z`;
}

export function etagOf(tick: number): string {
  return `"0x8D${tick.toString(16).toUpperCase().padStart(14, '0')}"`;
}
