import { decodeFloats, encodeFloats } from '../codec.ts';
import type { BlockCodec } from './block-codec.ts';

/** Every element as a smaller float, rounded to nearest, ties to even. What is too large becomes infinite. */
export function floatBlocks(dtype: 'F16' | 'BF16'): BlockCodec {
  return {
    blockElements: 4_096,
    blockBytes: (elements) => elements * 2,
    encode: (values, block) => block.set(encodeFloats(dtype, values)),
    decode(block, values) {
      decodeFloats(dtype, block, values, 0);
      return true;
    },
  };
}
