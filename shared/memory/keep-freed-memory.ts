import { freeBuffer } from './free-buffer.ts';

/**
 * Keeps the C allocator from giving memory back to the system after each segment, only to ask for it again page by
 * page: every opened segment is a buffer of its own, since node:crypto cannot write into one that it is given.
 *
 * glibc raises two thresholds, for good and for all threads, once a block that it had mapped by itself is freed: above
 * the first it maps, and above twice the first it trims. 33,000,000 bytes lie just below the greatest block for which
 * it does so. The buffer is never touched, so it costs no memory. Other allocators take no notice.
 */
export function keepFreedMemory(): void {
  if (done) return;
  done = true;
  freeBuffer(Buffer.allocUnsafeSlow(33_000_000));
}

let done = false;
