import { freeBuffer } from '../memory/free-buffer.ts';
import { FLSE, type FloeOpener, FloeRefused } from '../sealing/floe.ts';
import { ciphertextRange, type PlacedColumn } from './block-memory.ts';
import { type Block, FoldRefused } from './fold-task.ts';
import type { ModelLayout } from './model-layout.ts';

/** Opens an update's columns one after the other, each into a slot of the memory. */
export type ColumnReader = (column: PlacedColumn, memory: Uint8Array, slot: number) => void;

/**
 * Opens segments of one update, of `segments` in all, out of the ciphertext of a range of them. Throws
 * {@link FoldRefused} where one does not verify.
 */
export function segmentOpener(
  {
    opener,
    update,
    ciphertext,
  }: { readonly opener: FloeOpener; readonly update: number; readonly ciphertext: Uint8Array },
  { firstSegment, bytes }: { readonly firstSegment: number; readonly bytes: number },
  segments: number,
): (segment: number) => Buffer<ArrayBuffer> {
  if (ciphertext.length !== bytes)
    throw new RangeError(`A block of ${bytes} bytes was read with ${ciphertext.length}.`);
  return (segment) => {
    const at = (segment - firstSegment) * FLSE.segmentLength;
    try {
      return opener.open(segment, ciphertext.subarray(at, at + FLSE.segmentLength), segment === segments - 1);
    } catch (error) {
      if (error instanceof FloeRefused) throw new FoldRefused(error.slug, error.message, update);
      throw error;
    }
  };
}

/** The most bytes of an element that lie in the segment before its column's. */
const REACH = 7;

/**
 * Reads a block of one update out of the ciphertext of its segments. Throws {@link FoldRefused} where a segment does
 * not verify; nothing of it has been copied then.
 */
export function columnReader(options: {
  layout: ModelLayout;
  block: Block;
  opener: FloeOpener;
  update: number;
  ciphertext: Uint8Array;
}): ColumnReader {
  const { layout, block, opener, update, ciphertext } = options;
  const range = ciphertextRange(layout, block);
  const { firstSegment } = range;
  const open = segmentOpener({ opener, update, ciphertext }, range, layout.columns);
  /** The end of a segment, and the rest of it freed. */
  const endOf = (plaintext: Buffer<ArrayBuffer>): Uint8Array => {
    const end = Uint8Array.from(plaintext.subarray(-REACH));
    freeBuffer(plaintext);
    return end;
  };
  let tail = firstSegment < block.from ? endOf(open(firstSegment)) : new Uint8Array(0);

  return (column, memory, slot) => {
    const begins = column.column * FLSE.segmentPlaintext;
    const plaintext = open(column.column);
    for (const run of column.runs) {
      const behind = Math.max(0, begins - run.offset);
      if (behind > 0) memory.set(tail.subarray(tail.length - behind), slot + run.slot);
      const at = run.offset + behind - begins;
      memory.set(plaintext.subarray(at, at + run.bytes - behind), slot + run.slot + behind);
    }
    tail = endOf(plaintext);
  };
}
