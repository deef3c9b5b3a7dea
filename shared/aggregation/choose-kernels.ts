import type { Kernels } from '../kernels/kernels.ts';
import { referenceKernels } from '../kernels/reference-kernels.ts';

/** Which implementation folds; both give the same bits. */
export type KernelChoice = 'simd' | 'reference';

export async function kernelsOf(_choice: KernelChoice): Promise<Kernels> {
  return referenceKernels();
}
