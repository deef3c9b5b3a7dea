/** A number of permits that are taken and given back. */
export interface Permits {
  /** Waits for a permit; throws what `fail` was given. */
  take(): Promise<void>;
  give(): void;
  /** Nobody waits any more: work has failed. */
  fail(error: unknown): void;
}

export function permits(count: number): Permits {
  let free = count;
  let failure: { readonly error: unknown } | undefined;
  const waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  return {
    async take() {
      if (failure !== undefined) throw failure.error;
      if (free > 0) {
        free -= 1;
        return;
      }
      await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    },
    give() {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next.resolve();
    },
    fail(error) {
      failure ??= { error };
      for (const { reject } of waiting.splice(0)) reject(error);
    },
  };
}
