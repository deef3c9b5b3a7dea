/**
 * A selection network as straight-line code over one vector of four float32 columns for each row: what takes the
 * table-driven kernel several loads and stores for each comparator stays in registers. Worth it up to some 32 rows; the
 * results are the table-driven kernel's.
 */
import type { Comparator } from './comparator-network.ts';
import { moduleOf, unsigned } from './module-bytes.ts';
import { compileModule, exportsOf, type WasmMemory } from './web-assembly.ts';

/**
 * Sorts `bytes` bytes of each row, a multiple of 16 and not 0, and writes the ranks that the network selects, one after
 * another `stride` bytes apart from `into` on. `pointers` holds the rows' addresses.
 */
export type SortColumns = (pointers: number, bytes: number, into: number, stride: number) => void;

const [POINTERS, BYTES, INTO, STRIDE] = [0, 1, 2, 3];
const COLUMN = 4;
const OUT = 5;
const FIRST_POINTER = 6;

const get = (local: number): number[] => [0x20, ...unsigned(local)];
const set = (local: number): number[] => [0x21, ...unsigned(local)];
const addNumbers = [0x6a];
const number = (value: number): number[] => [0x41, value];
const loadNumber = (offset: number): number[] => [0x28, 2, ...unsigned(offset)];
const loadVector = [0xfd, 0x00, 4, 0];
const storeVector = [0xfd, 0x0b, 4, 0];
const addFloats = [0xfd, ...unsigned(0xe4)];
const smaller = [0xfd, ...unsigned(0xea)];
const larger = [0xfd, ...unsigned(0xeb)];
const isBelow = [0x49];
const loop = [0x03, 0x40];
const repeatIf = [0x0d, 0x00];
const end = [0x0b];
const code = (...parts: readonly (readonly number[])[]): number[] => parts.flat();

/** Compiles the network for `rows` rows and the ranks from `first` to `last`. */
export function unrolledNetwork(
  memory: WasmMemory,
  network: readonly Comparator[],
  { rows, first, last }: { rows: number; first: number; last: number },
): SortColumns {
  const pointer = (row: number): number => FIRST_POINTER + row;
  const value = (row: number): number => FIRST_POINTER + rows + row;
  const zero = FIRST_POINTER + 2 * rows;
  const all = Array.from({ length: rows }, (_, row) => row);
  const body = code(
    ...all.map((row) => code(get(POINTERS), loadNumber(4 * row), set(pointer(row)))),
    loop,
    // -0 + 0 is +0, and no other value changes.
    ...all.map((row) =>
      code(get(pointer(row)), get(COLUMN), addNumbers, loadVector, get(zero), addFloats, set(value(row))),
    ),
    ...network.map(([a, b]) => {
      const both = code(get(value(a)), get(value(b)));
      return code(both, smaller, both, larger, set(value(b)), set(value(a)));
    }),
    code(get(INTO), get(COLUMN), addNumbers, set(OUT)),
    ...all
      .slice(first, last + 1)
      .map((row) =>
        code(get(OUT), get(value(row)), storeVector, get(OUT), get(STRIDE), addNumbers, set(OUT)),
      ),
    code(get(COLUMN), number(16), addNumbers, set(COLUMN)),
    code(get(COLUMN), get(BYTES), isBelow, repeatIf, end),
  );
  const module = moduleOf('sort', { parameters: 4, numbers: 2 + rows, vectors: rows + 1 }, body);
  return (exportsOf(compileModule(module), memory) as { sort: SortColumns }).sort;
}
