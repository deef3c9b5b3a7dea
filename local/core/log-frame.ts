import { crc32 } from 'node:zlib';

/**
 * One record on disk: magic, payload length, how much of the file was known to be on disk when the frame was
 * written, checksum over all of it, payload. The third field tells a torn tail (never acknowledged, to be cut off)
 * from damage to acknowledged records (to be reported): see log-scan.ts.
 */
export const FRAME_HEADER_BYTES = 20;
export const MAX_RECORD_BYTES = 256 * 1024 * 1024;
const MAGIC = 0x54524c47; // "TRLG"
export const FRAME_MAGIC = Buffer.from('TRLG', 'latin1');

export interface FrameHeader {
  readonly length: number;
  /** Bytes of this file that were synced before the frame was written. */
  readonly syncedBefore: number;
  readonly checksum: number;
}

export function encodeFrame(record: Uint8Array, syncedBefore: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + record.byteLength);
  frame.writeUInt32BE(MAGIC, 0);
  frame.writeUInt32BE(record.byteLength, 4);
  frame.writeBigUInt64BE(BigInt(syncedBefore), 8);
  frame.set(record, FRAME_HEADER_BYTES);
  frame.writeUInt32BE(frameChecksum(frame.subarray(0, 16), record), 16);
  return frame;
}

/** Reads the header at `at`, or nothing when those bytes cannot be one. */
export function readHeader(bytes: Buffer, at: number): FrameHeader | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length || bytes.readUInt32BE(at) !== MAGIC) return undefined;
  const length = bytes.readUInt32BE(at + 4);
  if (length > MAX_RECORD_BYTES) return undefined;
  return {
    length,
    syncedBefore: Number(bytes.readBigUInt64BE(at + 8)),
    checksum: bytes.readUInt32BE(at + 16),
  };
}

export function frameChecksum(head: Uint8Array, record: Uint8Array): number {
  return crc32(record, crc32(head));
}
