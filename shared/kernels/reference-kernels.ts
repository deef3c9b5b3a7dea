/** The kernels in plain TypeScript: what the WebAssembly ones are held against, bit for bit. */
import type { Kernels } from './kernels.ts';
import { stepAddition } from './reference/add-step.ts';
import { distances } from './reference/distances.ts';
import { exactSum } from './reference/exact-sum.ts';
import { referenceMemory } from './reference/memory.ts';
import { modularSum } from './reference/modular-sum.ts';
import { orderStatistics } from './reference/order-statistics.ts';
import { reductions } from './reference/reductions.ts';
import { weightedSum } from './reference/weighted-sum.ts';

/** Kernels over a memory of their own, empty until `reserve`. */
export function referenceKernels(): Kernels {
  const memory = referenceMemory();
  return {
    bytes: () => memory.bytes(),
    reserve: (byteLength) => memory.reserve(byteLength),
    ...weightedSum(memory),
    ...exactSum(memory),
    ...reductions(memory),
    ...distances(memory),
    ...orderStatistics(memory),
    ...stepAddition(memory),
    ...modularSum(memory),
  };
}
