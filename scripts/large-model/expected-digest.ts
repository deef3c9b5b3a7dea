import { createHash } from 'node:crypto';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { madeUpPlaintext } from './made-up-model.ts';

/**
 * SHA-256 of what FedAvg makes of a base and updates of equal weight, by their seeds: the base plus the mean in
 * float64, in order, rounded once to float32. Written apart from the product's fold.
 */
export async function expectedDigest(
  schema: TensorSchema,
  base: number,
  updates: readonly number[],
  weight: number,
): Promise<string> {
  const hash = createHash('sha256');
  const [model, ...changes] = [base, ...updates].map((seed) => madeUpPlaintext(schema, seed));
  if (model === undefined) throw new Error('there is a base');
  let isHeader = true;
  for await (const piece of model) {
    const pieces = await Promise.all(changes.map(async (change) => (await change.next()).value));
    if (isHeader) hash.update(piece);
    else hash.update(averaged(piece, pieces, weight));
    isHeader = false;
  }
  return hash.digest('hex');
}

function averaged(base: Uint8Array, pieces: readonly (Uint8Array | void)[], weight: number): Uint8Array {
  const result = floats(base).slice();
  const changes = pieces.map((piece) => floats(piece ?? new Uint8Array(0)));
  for (let at = 0; at < result.length; at++) {
    let sum = 0;
    for (const change of changes) sum += weight * (change[at] ?? 0);
    result[at] = (result[at] ?? 0) + sum / (weight * changes.length);
  }
  return new Uint8Array(result.buffer);
}

function floats({ buffer, byteOffset, length }: Uint8Array): Float32Array {
  return new Float32Array(buffer, byteOffset, length / 4);
}
