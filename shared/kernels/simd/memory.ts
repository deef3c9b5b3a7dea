/**
 * One growing WebAssembly memory. The caller's bytes begin at 0; the kernels' own area lies behind them, so it moves
 * when the memory grows, and what it held is then gone.
 */
import { DISTANCE_BLOCK, MOST_ROWS } from '../kernels.ts';
import { newMemory, PAGE_BYTES, type WasmMemory } from './web-assembly.ts';

/** 16-bit pairs of the largest network, 24,063 of them, and some room. */
const NETWORK_BYTES = 2 * PAGE_BYTES;
const WORK_BYTES = MOST_ROWS * 64;
const TILE_BYTES = MOST_ROWS * DISTANCE_BLOCK * 8;
const OWN_BYTES = PAGE_BYTES + NETWORK_BYTES + WORK_BYTES + TILE_BYTES;

/** Addresses of the kernels' own areas. */
export interface OwnAreas {
  /** One 32-bit address for each row. */
  readonly pointers: number;
  readonly network: number;
  readonly work: number;
  readonly tile: number;
}

export interface SimdMemory {
  readonly wasm: WasmMemory;
  bytes(): Uint8Array;
  reserve(byteLength: number): void;
  /** A new object after each growth. */
  own(): OwnAreas;
  /** The address of an array of the caller's. Throws `RangeError` where it is not aligned or reaches outside. */
  at(offset: number, byteLength: number): number;
}

export function simdMemory(): SimdMemory {
  const wasm = newMemory(OWN_BYTES / PAGE_BYTES);
  let reserved = 0;
  let own = areasFrom(0);
  return {
    wasm,
    bytes: () => new Uint8Array(wasm.buffer, 0, reserved),
    reserve(byteLength) {
      if (byteLength <= reserved) return;
      const missing = Math.ceil(byteLength / PAGE_BYTES) * PAGE_BYTES + OWN_BYTES - wasm.buffer.byteLength;
      if (missing > 0) {
        wasm.grow(missing / PAGE_BYTES);
        own = areasFrom(wasm.buffer.byteLength - OWN_BYTES);
      }
      reserved = byteLength;
    },
    own: () => own,
    at(offset, byteLength) {
      if (offset < 0 || offset % 16 !== 0 || offset + byteLength > reserved) {
        throw new RangeError(`${byteLength} bytes at ${offset} are not an array of this memory.`);
      }
      return offset;
    },
  };
}

function areasFrom(start: number): OwnAreas {
  const network = start + PAGE_BYTES;
  const work = network + NETWORK_BYTES;
  return { pointers: start, network, work, tile: work + WORK_BYTES };
}
