/** Elements of each dtype for tests: typed arrays of the dtype's bits. */
import type { FloatDtype } from '../../shared/kernels/kernels.ts';
import { toBf16, toF16 } from '../../shared/tensors/half.ts';

/** The bytes' own array for `values`, each rounded once to the dtype. */
export function elements(
  dtype: FloatDtype,
  values: ArrayLike<number>,
): Float64Array | Float32Array | Uint16Array {
  switch (dtype) {
    case 'F64':
      return Float64Array.from(values);
    case 'F32':
      return Float32Array.from(values);
    case 'F16':
      return Uint16Array.from(values, toF16);
    case 'BF16':
      return Uint16Array.from(values, toBf16);
  }
}

/** Numbers that no test may do without: signed zeros, subnormals of every format, neighbours of powers of two. */
export const CORNERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  1 + 2 ** -10,
  1 - 2 ** -11,
  2 ** -14,
  2 ** -24,
  -(2 ** -24),
  2 ** -25,
  3 * 2 ** -25,
  2 ** -126,
  2 ** -133,
  -(2 ** -149),
  65_504,
  -65_504,
  3e4,
  1e-7,
  0.1,
  -1 / 3,
];

/** A repeatable stream of numbers in [0, 1): xorshift32. */
export function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** `count` values of mixed size, corners among them; finite in every dtype. */
export function mixed(random: () => number, count: number): Float64Array {
  return Float64Array.from({ length: count }, () => {
    const kind = random();
    if (kind < 0.2) return CORNERS[Math.floor(random() * CORNERS.length)] ?? 0;
    if (kind < 0.6) return (random() - 0.5) * 0.2;
    return (random() - 0.5) * 2 ** (random() * 30 - 16);
  });
}
