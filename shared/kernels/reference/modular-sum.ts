/** Sums of whole numbers modulo 2^32 and 2^64, as masked updates are added. */
import type { Kernels } from '../kernels.ts';
import type { ReferenceMemory } from './memory.ts';

export function modularSum(memory: ReferenceMemory): Pick<Kernels, 'addModulo'> {
  return {
    addModulo(bits, acc, rows, count) {
      for (const x of rows) {
        if (bits === 32) {
          const [sums, terms] = [memory.words32(acc, count), memory.words32(x, count)];
          for (let i = 0; i < count; i++) sums[i] = Number(sums[i]) + Number(terms[i]);
        } else {
          const [sums, terms] = [memory.words64(acc, count), memory.words64(x, count)];
          for (let i = 0; i < count; i++) sums[i] = (sums[i] as bigint) + (terms[i] as bigint);
        }
      }
    },
  };
}
