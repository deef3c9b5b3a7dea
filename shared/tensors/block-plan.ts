import type { Dtype, TensorSchema } from '../contracts/tensor-schema.ts';
import { elementBytes } from './dtypes.ts';
import { tensorPlaces } from './schema.ts';

/** A run of one tensor's elements inside a block. */
interface Run {
  readonly dtype: Dtype;
  /** Bytes from the block's first. */
  readonly byteOffset: number;
  readonly bytes: number;
  /** Coordinates from the block's first, and how many. */
  readonly at: number;
  readonly count: number;
}

/** A stretch of the plaintext that is read, folded and written as one. */
export interface Block {
  /** Bytes from the beginning of the file. */
  readonly offset: number;
  readonly bytes: number;
  /** The block's first coordinate in the model, and how many it has. */
  readonly start: number;
  readonly length: number;
  readonly runs: readonly Run[];
}

/**
 * Cuts a model into blocks that end at the multiples of `blockBytes` in its file, or up to an element before, so
 * that reads fall together with the segments of sealed updates. Small tensors share a block.
 */
export function* blocksOf(schema: TensorSchema, blockBytes: number): Generator<Block> {
  let runs: Run[] = [];
  let offset = 0;
  let bytes = 0;
  let start = 0;
  let length = 0;

  function take(): Block {
    const block = { offset, bytes, start, length, runs };
    start += length;
    [runs, bytes, length] = [[], 0, 0];
    return block;
  }

  for (const place of tensorPlaces(schema)) {
    const size = elementBytes(place.dtype);
    for (let done = 0; done < place.bytes; ) {
      const from = place.offset + done;
      const boundary = (Math.floor(from / blockBytes) + 1) * blockBytes;
      const room = Math.floor((boundary - from) / size) * size;
      // An element across the boundary goes, whole, to a block of its own with what follows.
      if (room === 0 && length > 0) yield take();
      const reach = room > 0 ? room : Math.floor((boundary + blockBytes - from) / size) * size;
      const taken = Math.max(size, Math.min(reach, place.bytes - done));
      if (length === 0) offset = from;
      runs.push({ dtype: place.dtype, byteOffset: bytes, bytes: taken, at: length, count: taken / size });
      bytes += taken;
      length += taken / size;
      done += taken;
      if (from + taken >= boundary) yield take();
    }
  }
  if (length > 0) yield take();
}
