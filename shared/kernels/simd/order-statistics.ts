/**
 * Order statistics, a block of columns at a time: rows scaled into a tile where they must be, sorted as far as the
 * ranks that are wanted, and these made into results. The ranks take the place of the rows in the tile.
 */
import { checkKept, checkRows } from '../check-rows.ts';
import type { FloatDtype, Kernels } from '../kernels.ts';
import { widthOf } from '../width.ts';
import type { KernelExports, SortedDtype } from './kernel-exports.ts';
import type { SimdMemory } from './memory.ts';
import { type Ranks, rankSorter } from './rank-sorter.ts';

/** A tile that stays in a core's second-level cache. */
const TILE_TARGET = 256 * 1024;
const MOST_COLUMNS = 2_048;
/** Columns that pass a network together: 64 bytes. */
const GROUP_BYTES = 64;

/** Makes results of `count` columns of sorted ranks that lie `stride` bytes apart from `sorted` on. */
type Finish = (dtype: SortedDtype, sorted: number, stride: number, count: number, acc: number) => void;

export function simdOrderStatistics(
  memory: SimdMemory,
  wasm: KernelExports,
): Pick<Kernels, 'median' | 'trimmedMean' | 'nearMedianMean'> {
  const sorterFor = rankSorter(memory, wasm);

  function eachBlock(
    dtype: FloatDtype,
    rows: readonly number[],
    count: number,
    scales: readonly number[],
    acc: number,
    ranks: Ranks,
    finish: Finish,
  ): void {
    checkRows(rows);
    const own = memory.own();
    const sorted = dtype === 'F64' ? 'F64' : 'F32';
    const [width, sortedWidth] = [widthOf(dtype), widthOf(sorted)];
    const columns = blockColumns(rows.length, sortedWidth);
    const stride = columns * sortedWidth;
    const results = memory.at(acc, count * 8);
    const addresses = rows.map((row) => memory.at(row, count * width));
    const unscaled = scales.every((scale) => scale === 1);
    const sort = sorterFor(sorted, rows.length, ranks);
    const pointers = new Uint32Array(memory.wasm.buffer, own.pointers, rows.length);
    for (let start = 0; start < count; start += columns) {
      const length = Math.min(columns, count - start);
      const groups = Math.ceil((length * sortedWidth) / GROUP_BYTES);
      // Rows that need no change are read where they are, but for an end that does not fill its group.
      const inPlace = unscaled && dtype === sorted && (length * sortedWidth) % GROUP_BYTES === 0;
      for (const [k, address] of addresses.entries()) {
        const source = address + start * width;
        const into = own.tile + k * stride;
        pointers[k] = inPlace ? source : into;
        if (inPlace) continue;
        if (unscaled && dtype !== 'F64') wasm[`widenRow${dtype}`](source, length, into);
        else wasm[`scaleRow${dtype}`](source, length, scales[k] ?? 1, into);
      }
      sort(groups, own.tile, stride);
      finish(sorted, own.tile, stride, length, results + start * 8);
    }
  }

  return {
    median(dtype, rows, count, scales, acc) {
      const last = rows.length >> 1;
      const first = rows.length % 2 === 1 ? last : last - 1;
      eachBlock(dtype, rows, count, scales, acc, { first, last }, (sorted, tile, stride, length, into) =>
        wasm[`middle${sorted}`](tile, stride, last - first + 1, length, into),
      );
    },
    trimmedMean(dtype, rows, count, scales, trim, acc) {
      checkKept(rows.length - 2 * trim, rows);
      const last = rows.length - 1 - trim;
      eachBlock(
        dtype,
        rows,
        count,
        scales,
        acc,
        { first: trim, last },
        (sorted, tile, stride, length, into) =>
          wasm[`meanOfRanks${sorted}`](tile, stride, last - trim + 1, length, into),
      );
    },
    nearMedianMean(dtype, rows, count, scales, keep, acc) {
      checkKept(keep, rows);
      const all = { first: 0, last: rows.length - 1 };
      eachBlock(dtype, rows, count, scales, acc, all, (sorted, tile, stride, length, into) =>
        wasm[`meanNearMiddle${sorted}`](tile, stride, rows.length, keep, length, into),
      );
    },
  };
}

function blockColumns(rows: number, width: number): number {
  const fitting = Math.floor(TILE_TARGET / (rows * GROUP_BYTES)) * (GROUP_BYTES / width);
  return Math.min(MOST_COLUMNS, Math.max(fitting, GROUP_BYTES / width));
}
