/**
 * Of each block the k elements of the largest magnitude (of equal ones the first), the others as zeros: k positions in
 * ascending order, 16 bits each, then k float32 numbers in the same order. Choosing per block and not over the whole
 * tensor keeps every block's bytes where arithmetic finds them. Aji and Heafield 2017, "Sparse Communication for
 * Distributed Gradient Descent"; what is left out is not carried over to the next round.
 */
import type { BlockCodec } from './block-codec.ts';

const POSITION_BYTES = 2;
const ENTRY_BYTES = POSITION_BYTES + 4;

/** k is `fraction` (above 0, at most 1) of the block's elements, rounded up. */
export function topKBlocks(fraction: number): BlockCodec {
  const kept = (elements: number): number => Math.min(elements, Math.ceil(elements * fraction));
  return {
    blockElements: 4_096,
    blockBytes: (elements) => kept(elements) * ENTRY_BYTES,
    encode(values, block) {
      const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
      const count = kept(values.length);
      let entry = 0;
      for (const position of largest(values, count)) {
        view.setUint16(entry * POSITION_BYTES, position, true);
        view.setFloat32(count * POSITION_BYTES + entry * 4, Number(values[position]), true);
        entry += 1;
      }
    },
    decode(block, values) {
      const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
      const count = kept(values.length);
      values.fill(0);
      let before = -1;
      for (let entry = 0; entry < count; entry++) {
        const position = view.getUint16(entry * POSITION_BYTES, true);
        if (position <= before || position >= values.length) return false;
        values[position] = view.getFloat32(count * POSITION_BYTES + entry * 4, true);
        before = position;
      }
      return true;
    },
  };
}

/** Positions of the `count` largest magnitudes, ascending. A NaN counts as infinite, so that it is not lost. */
function* largest(values: Float64Array, count: number): Generator<number> {
  const magnitudes = values.map((value) =>
    Number.isNaN(value) ? Number.POSITIVE_INFINITY : Math.abs(value),
  );
  const limit = Number(magnitudes.slice().sort()[values.length - count]);
  let ties = count;
  for (const magnitude of magnitudes) if (magnitude > limit) ties -= 1;
  for (const [position, magnitude] of magnitudes.entries()) {
    if (magnitude > limit || (magnitude === limit && ties-- > 0)) yield position;
  }
}
