/** Squared distances: rows are scaled into a tile of a block's coordinates, and the tile's pairs are added. */
import { checkRows } from '../check-rows.ts';
import { DISTANCE_BLOCK, type Kernels } from '../kernels.ts';
import { widthOf } from '../width.ts';
import type { KernelExports } from './kernel-exports.ts';
import type { SimdMemory } from './memory.ts';

export function simdDistances(memory: SimdMemory, wasm: KernelExports): Pick<Kernels, 'squaredDistances'> {
  return {
    squaredDistances(dtype, rows, count, scales, out) {
      checkRows(rows);
      const width = widthOf(dtype);
      const sums = memory.at(out, rows.length ** 2 * 8);
      for (const row of rows) memory.at(row, count * width);
      const { tile } = memory.own();
      const unscaled = scales.every((scale) => scale === 1);
      const rowBytes = DISTANCE_BLOCK * (dtype === 'F64' ? 8 : 4);
      for (let start = 0; start < count; start += DISTANCE_BLOCK) {
        const length = Math.min(DISTANCE_BLOCK, count - start);
        for (const [k, row] of rows.entries()) {
          const [source, into] = [row + start * width, tile + k * rowBytes];
          const scale = scales[k] ?? 1;
          if (dtype === 'F64') wasm.scaleWide(source, length, scale, into);
          else if (unscaled) wasm[`widenRow${dtype}`](source, length, into);
          else wasm[`scaleRow${dtype}`](source, length, scale, into);
        }
        const used = Math.ceil(length / 4) * 4;
        wasm[dtype === 'F64' ? 'addDistancesF64' : 'addDistancesF32'](tile, rows.length, used, sums);
      }
      wasm.mirror(rows.length, sums);
    },
  };
}
