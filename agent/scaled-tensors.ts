import { open } from 'node:fs/promises';
import type { TensorSchema } from '../shared/contracts/tensor-schema.ts';
import { decodeFloats, encodeFloats } from '../shared/tensors/codec.ts';
import { elementBytes, isFloat } from '../shared/tensors/dtypes.ts';
import { type TensorPlace, tensorPlaces } from '../shared/tensors/schema.ts';

/** A multiple of every element size and, in elements of any size, of every encoding's blocks. */
const BLOCK_BYTES = 2 ** 18;

/**
 * The elements of a canonical update, tensor by tensor, those of float tensors multiplied by `factor` and rounded to
 * their dtype. Pieces begin at multiples of 32768 elements of their tensor.
 */
export async function* scaledTensors(
  file: string,
  schema: TensorSchema,
  factor: number,
): AsyncGenerator<{ readonly place: TensorPlace; readonly elements: Buffer }, void, undefined> {
  const handle = await open(file, 'r');
  try {
    for (const place of tensorPlaces(schema)) {
      const scales = factor !== 1 && isFloat(place.dtype);
      for (let at = 0; at < place.bytes; at += BLOCK_BYTES) {
        const block = Buffer.alloc(Math.min(BLOCK_BYTES, place.bytes - at));
        await readInto(handle, block, place.offset + at);
        if (!scales) {
          yield { place, elements: block };
          continue;
        }
        const values = new Float64Array(block.length / elementBytes(place.dtype));
        decodeFloats(place.dtype, block, values, 0);
        for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
        yield { place, elements: encodeFloats(place.dtype, values) };
      }
    }
  } finally {
    await handle.close();
  }
}

async function readInto(
  handle: Awaited<ReturnType<typeof open>>,
  target: Buffer,
  offset: number,
): Promise<void> {
  for (let filled = 0; filled < target.length; ) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, offset + filled);
    if (bytesRead === 0) throw new Error('the kept update is shorter than it was');
    filled += bytesRead;
  }
}
