/** Models of any size as streams of float32 numbers that a seed makes, and what their weighted mean comes to. */
import { createHash } from 'node:crypto';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { canonicalHeader } from '../../shared/tensors/schema.ts';

const TENSOR_ELEMENTS = 2 ** 26;
export const PIECE_ELEMENTS = 2 ** 20;

/** Tensors of up to 256 MiB. */
export function schemaOf(elements: number): TensorSchema {
  return Array.from({ length: Math.ceil(elements / TENSOR_ELEMENTS) }, (_, i) => ({
    name: `layer${String(i).padStart(4, '0')}.weight`,
    dtype: 'F32',
    shape: [Math.min(TENSOR_ELEMENTS, elements - i * TENSOR_ELEMENTS)],
  }));
}

/** Fills piece `piece` of the model of `seed` with numbers between -1 and 1 (xorshift32, Marsaglia 2003). */
export function fillPiece(target: Float32Array, seed: number, piece: number): void {
  let state = (Math.imul(seed * 1_000_003 + piece, 0x9e3779b1) | 1) >>> 0;
  for (let i = 0; i < target.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    target[i] = state / 2 ** 31;
  }
}

export function* piecesOf(elements: number): Generator<{ piece: number; count: number }> {
  for (let piece = 0; piece * PIECE_ELEMENTS < elements; piece++) {
    yield { piece, count: Math.min(PIECE_ELEMENTS, elements - piece * PIECE_ELEMENTS) };
  }
}

/** A model's file, piece by piece; each begins in the next one's array. */
export async function* fileOf(elements: number, seed: number): AsyncGenerator<Uint8Array> {
  yield canonicalHeader(schemaOf(elements));
  const numbers = new Float32Array(PIECE_ELEMENTS);
  for (const { piece, count } of piecesOf(elements)) {
    const part = numbers.subarray(0, count);
    fillPiece(part, seed, piece);
    yield new Uint8Array(part.buffer, 0, count * 4);
  }
}

/**
 * SHA-256 of the file that FedAvg makes of base `seed` 0 and the updates of seeds 1 to K: base plus the weighted mean
 * in float64, in order, rounded once to float32. Written here anew.
 */
export function expectedDigest(elements: number, weights: readonly number[]): string {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const hash = createHash('sha256').update(canonicalHeader(schemaOf(elements)));
  const [model, change] = [new Float32Array(PIECE_ELEMENTS), new Float32Array(PIECE_ELEMENTS)];
  const sums = new Float64Array(PIECE_ELEMENTS);
  for (const { piece, count } of piecesOf(elements)) {
    sums.fill(0);
    for (const [i, weight] of weights.entries()) {
      fillPiece(change, i + 1, piece);
      for (let at = 0; at < count; at++) sums[at] = (sums[at] ?? 0) + weight * (change[at] ?? 0);
    }
    fillPiece(model, 0, piece);
    for (let at = 0; at < count; at++) model[at] = (model[at] ?? 0) + (sums[at] ?? 0) / total;
    hash.update(new Uint8Array(model.buffer, 0, count * 4));
  }
  return hash.digest('hex');
}
