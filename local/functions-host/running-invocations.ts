/** Counts what runs, so that a stopping host can wait for it. */
export interface RunningInvocations {
  track<T>(work: () => Promise<T>): Promise<T>;
  readonly count: number;
  /** Resolves when nothing runs, or after `milliseconds`. */
  idle(milliseconds: number): Promise<void>;
}

export function runningInvocations(): RunningInvocations {
  let count = 0;
  let onIdle: (() => void)[] = [];
  return {
    async track(work) {
      count++;
      try {
        return await work();
      } finally {
        if (--count === 0) {
          for (const resolve of onIdle) resolve();
          onIdle = [];
        }
      }
    },
    get count() {
      return count;
    },
    idle(milliseconds) {
      if (count === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const limit = setTimeout(resolve, milliseconds);
        onIdle.push(() => {
          clearTimeout(limit);
          resolve();
        });
      });
    },
  };
}
