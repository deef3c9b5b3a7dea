import type { ReadInto } from '../ports/blobs.ts';
import { FLSE } from '../sealing/floe.ts';

/**
 * A reader of whole segments of one ciphertext, from the beginning on, that keeps the last one of every read: where a
 * segment holds more than one block, it is fetched once. Holds one segment; after a failed read every other fails.
 */
export function keepLastSegment(read: ReadInto): ReadInto {
  const kept = new Uint8Array(FLSE.segmentLength);
  let keptOffset: number | undefined;
  let before: Promise<void> = Promise.resolve();
  return (offset, target) => {
    const past = Math.max(0, Math.ceil(target.length / FLSE.segmentLength) - 1) * FLSE.segmentLength;
    const known = keptOffset === offset ? Math.min(FLSE.segmentLength, target.length) : 0;
    const fetched = known < target.length ? read(offset + known, target.subarray(known)) : undefined;
    keptOffset = offset + past;
    before = Promise.all([before, fetched]).then(() => {
      target.set(kept.subarray(0, known));
      if (known < target.length) kept.set(target.subarray(past));
    });
    return before;
  };
}
