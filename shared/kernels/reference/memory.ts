/** Typed views of one growing buffer. */
export interface ReferenceMemory {
  bytes(): Uint8Array;
  reserve(byteLength: number): void;
  floats64(offset: number, count: number): Float64Array;
  floats32(offset: number, count: number): Float32Array;
  halves(offset: number, count: number): Uint16Array;
  words32(offset: number, count: number): Uint32Array;
  words64(offset: number, count: number): BigUint64Array;
  limbs(offset: number, count: number): BigInt64Array;
}

/** An empty memory. A view throws `RangeError` when it would reach outside. */
export function referenceMemory(): ReferenceMemory {
  let buffer = new ArrayBuffer(0);
  return {
    bytes: () => new Uint8Array(buffer),
    reserve(byteLength) {
      if (byteLength <= buffer.byteLength) return;
      const larger = new ArrayBuffer(Math.ceil(byteLength / 16) * 16);
      new Uint8Array(larger).set(new Uint8Array(buffer));
      buffer = larger;
    },
    floats64: (offset, count) => new Float64Array(buffer, offset, count),
    floats32: (offset, count) => new Float32Array(buffer, offset, count),
    halves: (offset, count) => new Uint16Array(buffer, offset, count),
    words32: (offset, count) => new Uint32Array(buffer, offset, count),
    words64: (offset, count) => new BigUint64Array(buffer, offset, count),
    limbs: (offset, count) => new BigInt64Array(buffer, offset, count),
  };
}
