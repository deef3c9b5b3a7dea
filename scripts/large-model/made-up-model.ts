/** A model of any size whose numbers cost no more than copying them: the same for the same seed. */
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { canonicalHeader } from '../../shared/tensors/schema.ts';

const POOL_ELEMENTS = 2 ** 22;
const PIECE_ELEMENTS = 2 ** 18;

/** `tensors` float32 tensors, together about `bytes`. */
export function madeUpSchema(bytes: number, tensors = 20): TensorSchema {
  const count = Math.floor(bytes / tensors / 4);
  return Array.from({ length: tensors }, (_, i) => ({
    name: `layer.${i}.weight`,
    dtype: 'F32' as const,
    shape: [count],
  }));
}

/**
 * The plaintext of a model or update, in pieces of at most 1 MiB. Numbers lie between -2^-6 and 2^-6; a pool of 4 million
 * is drawn and every piece begins somewhere in it. A piece holds only until the next is asked for.
 */
export async function* madeUpPlaintext(
  schema: TensorSchema,
  seed: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const next = xorshift(seed);
  const pool = Float32Array.from({ length: POOL_ELEMENTS }, () => next() / 2 ** 37);
  const bytes = new Uint8Array(pool.buffer);
  yield canonicalHeader(schema);
  for (const { shape } of schema) {
    const [count = 0] = shape;
    for (let left = count; left > 0; left -= PIECE_ELEMENTS) {
      const taken = Math.min(PIECE_ELEMENTS, left);
      const from = Math.abs(next()) % (POOL_ELEMENTS - taken);
      yield bytes.subarray(4 * from, 4 * (from + taken));
    }
  }
}

/** Marsaglia's generator: whole numbers of 32 bits with a sign, never 0. */
function xorshift(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
