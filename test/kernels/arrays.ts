/** Puts arrays into a kernel memory and reads them back. */
import type { FloatDtype, Kernels } from '../../shared/kernels/kernels.ts';

type Elements = Float64Array | Float32Array | Uint16Array | Uint32Array | BigInt64Array | BigUint64Array;

/** Hands out room in the memory of `kernels`, 16-byte aligned, with a guard of 64 bytes after each array. */
export class Arena {
  readonly kernels: Kernels;
  private end = 0;

  constructor(kernels: Kernels) {
    this.kernels = kernels;
  }

  room(byteLength: number): number {
    const offset = this.end;
    this.end += Math.ceil(byteLength / 16) * 16 + 64;
    this.kernels.reserve(this.end);
    return offset;
  }

  put(elements: Elements): number {
    const offset = this.room(elements.byteLength);
    this.kernels
      .bytes()
      .set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), offset);
    return offset;
  }

  /** A copy of the bytes from `offset` on. */
  read(offset: number, byteLength: number): Uint8Array<ArrayBuffer> {
    return this.kernels.bytes().slice(offset, offset + byteLength);
  }

  floats64(offset: number, count: number): Float64Array {
    return new Float64Array(this.read(offset, count * 8).buffer);
  }

  limbs(offset: number, count: number): BigInt64Array {
    return new BigInt64Array(this.read(offset, count * 8).buffer);
  }
}

export const FLOAT_DTYPES: readonly FloatDtype[] = ['F64', 'F32', 'F16', 'BF16'];

export function widthOf(dtype: FloatDtype): number {
  return dtype === 'F64' ? 8 : dtype === 'F32' ? 4 : 2;
}
