/**
 * A float32 scale, then a whole number from -127 to 127 for each element; an element is the product. The scale is the
 * block's largest magnitude over 127, so an element is wrong by half a scale at most (and the rounding of the scale).
 * Rounds to nearest, ties to even. Blocks as in Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization".
 */
import type { BlockCodec } from './block-codec.ts';

const LARGEST = 127;
const SCALE_BYTES = 4;
/** Adding and taking away 1.5 * 2^52 leaves no room for a fraction, so the hardware rounds it, ties to even. */
const ROUNDER = 1.5 * 2 ** 52;

/** A float32 by its bytes: views of each block would cost more than what is done with it. */
const scaleBytes = new Uint8Array(SCALE_BYTES);
const scaleValue = new Float32Array(scaleBytes.buffer);

export const int8Blocks: BlockCodec = {
  blockElements: 256,
  blockBytes: (elements) => SCALE_BYTES + elements,
  encode(values, block) {
    let largest = 0;
    for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(Number(values[i])));
    const scale = Math.fround(largest / LARGEST);
    scaleValue[0] = scale;
    block.set(scaleBytes);
    for (let i = 0; i < values.length; i++) {
      const code = scale === 0 ? 0 : Number(values[i]) / scale + ROUNDER - ROUNDER;
      block[SCALE_BYTES + i] = Math.max(-LARGEST, Math.min(LARGEST, code));
    }
  },
  decode(block, values) {
    for (let i = 0; i < SCALE_BYTES; i++) scaleBytes[i] = Number(block[i]);
    const scale = Number(scaleValue[0]);
    if (!(scale >= 0 && scale < Number.POSITIVE_INFINITY)) return false;
    let least = 0;
    for (let i = 0; i < values.length; i++) {
      // The byte's sign.
      const code = (Number(block[SCALE_BYTES + i]) << 24) >> 24;
      if (code < least) least = code;
      values[i] = code * scale;
    }
    return least >= -LARGEST;
  },
};
