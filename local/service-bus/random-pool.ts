import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8192;

/** Random bytes drawn in blocks: a call into the generator for each lock token costs more than the delivery around it. */
export function createRandomPool(): (size: number) => Buffer {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (size) => {
    if (used + size > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += size;
    return Buffer.from(pool.subarray(used - size, used));
  };
}
