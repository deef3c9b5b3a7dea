import type { FloatDtype } from './kernels.ts';

/** Bytes of one element. */
export function widthOf(dtype: FloatDtype): 2 | 4 | 8 {
  switch (dtype) {
    case 'F64':
      return 8;
    case 'F32':
      return 4;
    case 'F16':
    case 'BF16':
      return 2;
  }
}
