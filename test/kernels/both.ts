import type { Kernels } from '../../shared/kernels/kernels.ts';
import { referenceKernels } from '../../shared/kernels/reference-kernels.ts';
import { simdKernels } from '../../shared/kernels/simd-kernels.ts';

/** Both implementations, for `describe.each`. */
export const BOTH: readonly (readonly [string, () => Kernels])[] = [
  ['plain TypeScript', referenceKernels],
  ['WebAssembly', simdKernels],
];
