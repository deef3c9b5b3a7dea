import { createHash } from 'node:crypto';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';

/** Two float tensors, five numbers. */
export function smallModel(values: readonly number[]): Buffer {
  const floats = (part: readonly number[]) => new Uint8Array(Float32Array.from(part).buffer);
  return writeSafetensors([
    { name: 'weights', dtype: 'F32', shape: [2, 2], data: floats(values.slice(0, 4)) },
    { name: 'bias', dtype: 'F32', shape: [1], data: floats(values.slice(4, 5)) },
  ]);
}

export const baseValues = [1, -2, 3.5, 0.25, 10];
export const baseModel = smallModel(baseValues);

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Written here anew: base plus the weighted mean of the changes, in order of silo, rounded once to float32. */
export function weightedMean(
  base: readonly number[],
  updates: readonly { readonly weight: number; readonly values: readonly number[] }[],
): number[] {
  const total = updates.reduce((sum, { weight }) => sum + weight, 0);
  return base.map((value, index) => {
    const sum = updates.reduce(
      (partial, { weight, values }) => partial + weight * Math.fround(values[index] ?? 0),
      0,
    );
    return Math.fround(value + sum / total);
  });
}
