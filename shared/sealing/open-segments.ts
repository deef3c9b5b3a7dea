/**
 * Random access to an admitted update: any segment opens by itself at its position, so a block of all silos'
 * updates can be read without the rest of them.
 */
import type { UpdateManifest } from '../contracts/manifest.ts';
import { openerOf } from './data-key.ts';
import { FLSE, segmentCount } from './floe.ts';

/** Same shape as in tensors/: `length` bytes at `offset`. */
type ReadRange = (offset: number, length: number) => Promise<Buffer>;

export interface SegmentRange {
  readonly firstSegment: number;
  readonly lastSegment: number;
  /** The ciphertext bytes of these segments. */
  readonly ciphertextOffset: number;
  readonly ciphertextLength: number;
  /** Plaintext bytes of the first segment before those asked for. */
  readonly skip: number;
}

/** Which ciphertext bytes hold `length` (at least 1) plaintext bytes at `offset`. */
export function segmentRange(manifest: UpdateManifest, offset: number, length: number): SegmentRange {
  if (!(offset >= 0 && length >= 1 && offset + length <= manifest.h.len)) {
    throw new RangeError(
      `The plaintext has no bytes ${offset} to ${offset + length}; it has ${manifest.h.len}.`,
    );
  }
  const firstSegment = Math.floor(offset / FLSE.segmentPlaintext);
  const lastSegment = Math.floor((offset + length - 1) / FLSE.segmentPlaintext);
  const ciphertextOffset = FLSE.headerLength + firstSegment * FLSE.segmentLength;
  const end = Math.min(manifest.ctLen, FLSE.headerLength + (lastSegment + 1) * FLSE.segmentLength);
  return {
    firstSegment,
    lastSegment,
    ciphertextOffset,
    ciphertextLength: end - ciphertextOffset,
    skip: offset - firstSegment * FLSE.segmentPlaintext,
  };
}

export interface OpenedSegments {
  /** The plaintext of one segment; throws `FloeRefused`. */
  openSegment(index: number, ciphertextSegment: Uint8Array): Buffer;
  /** Forgets the keys. */
  readonly wipe: () => void;
}

/**
 * Readies a ciphertext whose first 74 bytes are `header`; throws `FloeRefused` when key, manifest and header do not
 * belong together. `dek` may be wiped by the caller at once.
 */
export function openSegments(options: {
  manifest: UpdateManifest;
  dek: Uint8Array;
  header: Uint8Array;
}): OpenedSegments {
  const { manifest, dek, header } = options;
  const opener = openerOf(manifest, dek, header);
  const last = segmentCount(manifest.h.len) - 1;
  const lastLength = manifest.ctLen - FLSE.headerLength - last * FLSE.segmentLength;
  return {
    openSegment(index, segment) {
      if (!Number.isInteger(index) || index < 0 || index > last) {
        throw new RangeError(`There is no segment ${index}; the last is ${last}.`);
      }
      if (segment.length !== (index === last ? lastLength : FLSE.segmentLength)) {
        throw new RangeError(`Segment ${index} was read with ${segment.length} bytes.`);
      }
      return opener.open(index, segment, index === last);
    },
    wipe: () => opener.wipe(),
  };
}

/** Plaintext by ranges over ciphertext by ranges: what aggregation reads. */
export async function openRanges(options: {
  manifest: UpdateManifest;
  dek: Uint8Array;
  readCiphertext: ReadRange;
}): Promise<{ readPlaintext: ReadRange; wipe: () => void }> {
  const { manifest, dek, readCiphertext } = options;
  const segments = openSegments({ manifest, dek, header: await readCiphertext(0, FLSE.headerLength) });
  return {
    async readPlaintext(offset, length) {
      if (length === 0) return Buffer.alloc(0);
      const range = segmentRange(manifest, offset, length);
      const ciphertext = await readCiphertext(range.ciphertextOffset, range.ciphertextLength);
      const plaintext = Buffer.allocUnsafe(length);
      let skip = range.skip;
      let filled = 0;
      for (let index = range.firstSegment; index <= range.lastSegment; index++) {
        const at = (index - range.firstSegment) * FLSE.segmentLength;
        const opened = segments.openSegment(index, ciphertext.subarray(at, at + FLSE.segmentLength));
        filled += opened.copy(plaintext, filled, skip);
        skip = 0;
      }
      return plaintext;
    },
    wipe: segments.wipe,
  };
}
