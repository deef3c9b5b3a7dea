/**
 * Clipping: an update longer than the plan's norm cap is scaled down to it, float tensors only. It happens as the
 * update is sealed; the kept file stays as it was trained.
 */
import { open } from 'node:fs/promises';
import type { TensorSchema } from '../shared/contracts/tensor-schema.ts';
import { checkTensors } from '../shared/tensors/check-tensors.ts';
import { decodeFloats, encodeFloats } from '../shared/tensors/codec.ts';
import { elementBytes, isFloat } from '../shared/tensors/dtypes.ts';
import { canonicalHeader } from '../shared/tensors/safetensors.ts';
import { tensorPlaces } from '../shared/tensors/schema.ts';

/** A multiple of every element size. */
const BLOCK_BYTES = 2 ** 18;

/**
 * The factor that brings `file` (canonical, of this norm) under `cap`: 1 where nothing needs doing. Rounding to the
 * tensors' own precision can leave the norm a hair above, so the result is measured, not assumed.
 */
export async function clipFactor(options: {
  file: string;
  schema: TensorSchema;
  norm: number;
  cap: number | undefined;
}): Promise<number> {
  const { file, schema, norm, cap } = options;
  if (cap === undefined || norm <= cap) return 1;
  let factor = cap / norm;
  while ((await scaledNorm(file, schema, factor)) > cap) factor *= 1 - 2 ** -10;
  return factor;
}

async function scaledNorm(file: string, schema: TensorSchema, factor: number): Promise<number> {
  const check = checkTensors(schema);
  let header = canonicalHeader(schema).length;
  for await (const chunk of scaledUpdate(file, schema, factor)) {
    if (header > 0) header -= chunk.length;
    else check.add(chunk);
  }
  return check.report().norm;
}

/** The bytes of a canonical update with its float elements multiplied by `factor`; the header is the first chunk. */
export async function* scaledUpdate(
  file: string,
  schema: TensorSchema,
  factor: number,
): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(file, 'r');
  try {
    yield canonicalHeader(schema);
    for (const place of tensorPlaces(schema)) {
      const scales = factor !== 1 && isFloat(place.dtype);
      for (let at = 0; at < place.bytes; at += BLOCK_BYTES) {
        const block = Buffer.alloc(Math.min(BLOCK_BYTES, place.bytes - at));
        await readInto(handle, block, place.offset + at);
        if (!scales) {
          yield block;
          continue;
        }
        const values = new Float64Array(block.length / elementBytes(place.dtype));
        decodeFloats(place.dtype, block, values, 0);
        for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
        yield encodeFloats(place.dtype, values);
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
