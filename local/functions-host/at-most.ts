import type { Clock } from '../durable/clock.ts';

/** Settles with `work`, or resolves after `milliseconds`, whichever is first; the work itself is not stopped. */
export async function atMost(clock: Clock, milliseconds: number, work: Promise<unknown>): Promise<void> {
  let cancel: (() => void) | undefined;
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(milliseconds, resolve);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    cancel?.();
  }
}
