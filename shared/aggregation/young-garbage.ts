import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So much of what was opened may wait for the collector. */
const MOST_WAITING = 16 * 2 ** 20;

/**
 * Has this thread's dead buffers freed after each 16 MiB. Every opened segment is a buffer of its own; what little else
 * a fold leaves behind would not make the collector look before some 64 MiB of them lie about, in every thread. Young
 * objects alone are looked at, of which there are a few hundred.
 */
export function youngGarbage(): { made(bytes: number): void } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;
  let waiting = 0;
  return {
    made(bytes) {
      waiting += bytes;
      if (waiting < MOST_WAITING) return;
      waiting = 0;
      collect({ type: 'minor' });
    },
  };
}
