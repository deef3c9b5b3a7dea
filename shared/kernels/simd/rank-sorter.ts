/** Which code sorts: straight-line code for few rows of float32, a table of comparators otherwise. */
import { selectionNetwork } from './comparator-network.ts';
import type { KernelExports, SortedDtype } from './kernel-exports.ts';
import type { OwnAreas, SimdMemory } from './memory.ts';
import { type SortColumns, unrolledNetwork } from './unrolled-network.ts';

/** With more rows the registers overflow so far that a table is faster. */
const MOST_UNROLLED_ROWS = 32;
const GROUP_BYTES = 64;
/** Compiled code is kept for this many combinations of rows and ranks. */
const MOST_COMPILED = 32;

/** Ranks from 0, the smallest; both included. */
export interface Ranks {
  readonly first: number;
  readonly last: number;
}

/** Sorts groups of 64 bytes of the rows whose addresses are in the area `pointers`, and writes their ranks. */
export type SortRanks = (groups: number, into: number, stride: number) => void;

export function rankSorter(
  memory: SimdMemory,
  wasm: KernelExports,
): (dtype: SortedDtype, rows: number, ranks: Ranks) => SortRanks {
  const compiled = new Map<string, SortColumns>();
  let table: { own: OwnAreas; key: string; pairs: number } | undefined;

  function unrolled(rows: number, { first, last }: Ranks): SortColumns {
    const key = `${rows}/${first}/${last}`;
    const known = compiled.get(key);
    if (known) return known;
    if (compiled.size >= MOST_COMPILED) compiled.clear();
    const sort = unrolledNetwork(memory.wasm, selectionNetwork(rows, first, last), { rows, first, last });
    compiled.set(key, sort);
    return sort;
  }

  /** Writes the comparators into memory unless they are there; returns how many. */
  function tabled(rows: number, { first, last }: Ranks): number {
    const own = memory.own();
    const key = `${rows}/${first}/${last}`;
    if (table?.own === own && table.key === key) return table.pairs;
    const numbers = selectionNetwork(rows, first, last).flat();
    new Uint16Array(memory.wasm.buffer, own.network, numbers.length).set(numbers);
    table = { own, key, pairs: numbers.length / 2 };
    return table.pairs;
  }

  return (dtype, rows, ranks) => {
    const own = memory.own();
    if (dtype === 'F32' && rows <= MOST_UNROLLED_ROWS) {
      const sort = unrolled(rows, ranks);
      return (groups, into, stride) => sort(own.pointers, groups * GROUP_BYTES, into, stride);
    }
    const pairs = tabled(rows, ranks);
    const { first, last } = ranks;
    const sort = wasm[`sortGroups${dtype}`];
    return (groups, into, stride) =>
      sort(own.pointers, rows, groups, own.network, pairs, own.work, first, last, into, stride);
  };
}
