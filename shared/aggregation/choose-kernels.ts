import type { Kernels } from '../kernels/kernels.ts';
import { referenceKernels } from '../kernels/reference-kernels.ts';
import { simdKernels } from '../kernels/simd-kernels.ts';

/** Which implementation folds; both give the same bits. */
export type KernelChoice = 'simd' | 'reference';

export function kernelsOf(choice: KernelChoice): Kernels {
  return choice === 'simd' ? simdKernels() : referenceKernels();
}
