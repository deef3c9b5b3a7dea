/**
 * FLOE's key derivation: HKDF-Expand-SHA-384 over parameters, IV, purpose and associated data, so a key is of use
 * for one ciphertext, in one context, for one purpose.
 */
import { createHmac } from 'node:crypto';

export const PARAMETERS_LENGTH = 10;
export const IV_LENGTH = 32;
const MESSAGE_KEY_LENGTH = 48;

export interface FloeParameters {
  /** Ciphertext bytes of a full segment. */
  readonly segmentLength: number;
  /** A segment key serves 2^rotationMask segments; 20 in the specification, less only in its vectors. */
  readonly rotationMask?: number;
}

export function encodeParameters(segmentLength: number): Buffer {
  const encoded = Buffer.alloc(PARAMETERS_LENGTH); // the first two bytes name AES-256-GCM and HKDF-Expand-SHA-384
  encoded.writeUInt32BE(segmentLength, 2);
  encoded.writeUInt32BE(IV_LENGTH, 6);
  return encoded;
}

export interface FloeKeys {
  readonly headerTag: Buffer;
  /** The AES key of the segment at `index`; overwritten by the next call. */
  readonly segmentKey: (index: number) => Buffer;
  readonly wipe: () => void;
}

/** Derives all keys of one ciphertext from its 32-byte key. */
export function keySchedule(
  key: Uint8Array,
  iv: Buffer,
  associatedData: Uint8Array,
  { segmentLength, rotationMask = 20 }: FloeParameters,
): FloeKeys {
  if (key.length !== 32) throw new RangeError('FLOE-GCM-256 takes a 32-byte key.');
  const derive = (from: Uint8Array, purpose: Uint8Array, length: number): Buffer =>
    expandSha384(from, Buffer.concat([encodeParameters(segmentLength), iv, purpose, associatedData]), length);
  const headerTag = derive(key, Buffer.from('HEADER_TAG:'), 32);
  const messageKey = derive(key, Buffer.from('MESSAGE_KEY:'), MESSAGE_KEY_LENGTH);
  let epoch = -1n;
  let current: Buffer = Buffer.alloc(0);
  let wiped = false;
  return {
    headerTag,
    segmentKey(index: number): Buffer {
      if (wiped) throw new Error('The keys of this ciphertext have been wiped.');
      const wanted = (BigInt(index) >> BigInt(rotationMask)) << BigInt(rotationMask);
      if (wanted !== epoch) {
        const purpose = Buffer.alloc(12, 'DEK:');
        purpose.writeBigUInt64BE(wanted, 4);
        current.fill(0);
        current = derive(messageKey, purpose, 32);
        epoch = wanted;
      }
      return current;
    },
    wipe(): void {
      messageKey.fill(0);
      current.fill(0);
      wiped = true;
    },
  };
}

/** HKDF-Expand (RFC 5869) for at most one block of SHA-384, which is all that FLOE asks. */
function expandSha384(key: Uint8Array, info: Uint8Array, length: number): Buffer {
  return createHmac('sha384', key).update(info).update(Buffer.of(1)).digest().subarray(0, length);
}
