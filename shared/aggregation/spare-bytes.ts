import type { SharedBytes } from './lane.ts';

/** Buffers that are used again: fresh memory costs more here than what is done with it. */
export interface SpareBytes {
  /** Exactly `bytes` bytes, with whatever they held before. */
  readonly take: (bytes: number) => SharedBytes;
  readonly give: (bytes: SharedBytes) => void;
}

const LEAST = 4_096;

export function spareBytes(): SpareBytes {
  const spares = new Map<number, SharedArrayBuffer[]>();
  return {
    take(bytes) {
      // Blocks at a model's end are shorter: sizes go up in steps, so that their buffers still fit.
      const capacity = Math.max(LEAST, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
      const buffer = spares.get(capacity)?.pop() ?? new SharedArrayBuffer(capacity);
      return new Uint8Array(buffer, 0, bytes);
    },
    give({ buffer }) {
      const list = spares.get(buffer.byteLength);
      if (list === undefined) spares.set(buffer.byteLength, [buffer]);
      else list.push(buffer);
    },
  };
}
