import type { Clock } from '../durable/clock.ts';

/** A function ran longer than host.json's functionTimeout. */
export class FunctionTimeout extends Error {
  override readonly name = 'FunctionTimeoutException';
}

const timeSpanText = (milliseconds: number): string => {
  const seconds = Math.floor(milliseconds / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
};

/**
 * Runs an invocation and rejects with {@link FunctionTimeout} when it takes longer than `milliseconds` (undefined: it
 * may take for ever). Azure stops the worker process then. In one process nothing can be stopped: the function goes on,
 * its result is not used, and code that never yields (an orchestrator, a busy loop) delays the timeout itself.
 */
export async function withFunctionTimeout<T>(
  name: string,
  milliseconds: number | undefined,
  clock: Clock,
  work: () => Promise<T>,
): Promise<T> {
  if (milliseconds === undefined) return work();
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(milliseconds, () => {
      const limit = timeSpanText(milliseconds);
      reject(new FunctionTimeout(`Timeout value of ${limit} was exceeded by function: Functions.${name}`));
    });
    work().then(resolve, reject).finally(cancel);
  });
}
