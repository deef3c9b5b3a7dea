/**
 * Encodings cut the elements of a tensor into blocks of one size; only the last may be shorter. A block of so many
 * elements takes so many bytes, whatever it holds: which bytes hold an element follows by arithmetic alone.
 */

export interface BlockCodec {
  /** Elements of every block but a tensor's last. Divides 4096. */
  readonly blockElements: number;
  /** Bytes of a block of 1 to `blockElements` elements. */
  readonly blockBytes: (elements: number) => number;
  /** Writes float64 `values` as one block. What the encoding cannot hold makes a block that does not decode, or not finite. */
  readonly encode: (values: Float64Array, block: Uint8Array) => void;
  /** Sets all of `values` from a block; false where the bytes are none that `encode` writes. */
  readonly decode: (block: Uint8Array, values: Float64Array) => boolean;
}

/** Bytes of the blocks of `elements` elements, counted from a block's first. */
export function bytesOfElements({ blockElements, blockBytes }: BlockCodec, elements: number): number {
  const rest = elements % blockElements;
  const whole = (elements - rest) / blockElements;
  return whole * blockBytes(blockElements) + (rest === 0 ? 0 : blockBytes(rest));
}

/** The blocks of float64 `values`, which begin with a block. */
export function encodeBlocks(codec: BlockCodec, values: Float64Array): Buffer {
  const encoded = Buffer.alloc(bytesOfElements(codec, values.length));
  let at = 0;
  for (let from = 0; from < values.length; from += codec.blockElements) {
    const block = values.subarray(from, from + codec.blockElements);
    const bytes = codec.blockBytes(block.length);
    codec.encode(block, encoded.subarray(at, at + bytes));
    at += bytes;
  }
  return encoded;
}

/** Sets all of `values` from whole blocks; false where one is malformed. */
export function decodeBlocks(codec: BlockCodec, encoded: Uint8Array, values: Float64Array): boolean {
  let at = 0;
  for (let from = 0; from < values.length; from += codec.blockElements) {
    const block = values.subarray(from, from + codec.blockElements);
    const bytes = codec.blockBytes(block.length);
    if (!codec.decode(encoded.subarray(at, at + bytes), block)) return false;
    at += bytes;
  }
  return true;
}
