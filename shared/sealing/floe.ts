/**
 * FLOE-GCM-256 (c2sp.org/FLOE): a stream of segments, each encrypted under AES-256-GCM and bound to its position,
 * so that any segment can be opened alone and none can be moved, dropped or repeated.
 *
 *   header  = parameters (10) || IV (32) || header tag (32)
 *   segment = length word (4) || nonce (12) || ciphertext || tag (16)
 *
 * 1. The header tag commits to key, IV and associated data: a wrong key never gets as far as a segment.
 * 2. The length word is 0xffffffff in every segment but the last, which carries its own length.
 * 3. Segment keys derive from a message key; every 2^20 segments a new one, which keeps GCM within its bounds.
 * 4. Position and finality are each segment's associated data.
 */
import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  encodeParameters,
  type FloeParameters,
  IV_LENGTH,
  keySchedule,
  PARAMETERS_LENGTH,
} from './floe-keys.ts';

/** The dimensions that the sealed-update format `flse/1` fixes, in bytes. */
export const FLSE = {
  segmentLength: 262_144,
  segmentPlaintext: 262_112,
  segmentOverhead: 32,
  headerLength: 74,
} as const;

const TAG_LENGTH = 16;
const NONCE_LENGTH = 12;
const PREFIX_LENGTH = 4 + NONCE_LENGTH;
const NOT_FINAL = 0xffffffff;

/** Segments that a plaintext of this many bytes takes; the last is empty only when all is. */
export function segmentCount(plaintextLength: number): number {
  return Math.max(1, Math.ceil(plaintextLength / FLSE.segmentPlaintext));
}

/** The one ciphertext length that `flse/1` allows for a plaintext length. */
export function ciphertextLength(plaintextLength: number): number {
  return FLSE.headerLength + plaintextLength + FLSE.segmentOverhead * segmentCount(plaintextLength);
}

/** Ciphertext that its key, position or associated data does not fit. */
export class FloeRefused extends Error {
  override readonly name = 'FloeRefused';
  readonly slug: 'header-tag' | 'segment-tag';
  constructor(slug: FloeRefused['slug'], message: string) {
    super(message);
    this.slug = slug;
  }
}

export interface FloeSealer {
  readonly header: Buffer;
  /** Encrypts the next segment. Segments before the last are full. */
  seal(plaintext: Uint8Array, final: boolean): Buffer;
  /** Forgets the keys. */
  readonly wipe: () => void;
}

export interface FloeOpener {
  /** Decrypts the segment at `index`, into a buffer of its own; throws {@link FloeRefused}. */
  open(index: number, segment: Uint8Array, final: boolean): Buffer<ArrayBuffer>;
  /** Forgets the keys. */
  readonly wipe: () => void;
}

/** Begins a ciphertext under a 32-byte key that seals nothing else. */
export function startSealing(options: {
  key: Uint8Array;
  associatedData: Uint8Array;
  parameters: FloeParameters;
  random?: (length: number) => Uint8Array;
}): FloeSealer {
  const random = options.random ?? randomBytes;
  const { segmentLength } = options.parameters;
  const iv = Buffer.from(random(IV_LENGTH));
  const keys = keySchedule(options.key, iv, options.associatedData, options.parameters);
  let index = 0;
  let ended = false;
  return {
    header: Buffer.concat([encodeParameters(segmentLength), iv, keys.headerTag]),
    seal(plaintext, final) {
      const full = plaintext.length === segmentLength - FLSE.segmentOverhead;
      if (ended || plaintext.length > segmentLength - FLSE.segmentOverhead || (!final && !full)) {
        throw new RangeError('Segments before the last are full, and the last ends the ciphertext.');
      }
      const nonce = random(NONCE_LENGTH);
      const cipher = createCipheriv('aes-256-gcm', keys.segmentKey(index), nonce);
      cipher.setAAD(segmentAssociatedData(index, final));
      const segment = Buffer.allocUnsafe(plaintext.length + FLSE.segmentOverhead);
      segment.writeUInt32BE(final ? segment.length : NOT_FINAL, 0);
      segment.set(nonce, 4);
      segment.set(cipher.update(plaintext), PREFIX_LENGTH);
      cipher.final();
      segment.set(cipher.getAuthTag(), segment.length - TAG_LENGTH);
      index += 1;
      ended = final;
      return segment;
    },
    wipe: keys.wipe,
  };
}

/** Checks a ciphertext's header and readies it for opening; throws {@link FloeRefused}. */
export function startOpening(options: {
  key: Uint8Array;
  associatedData: Uint8Array;
  header: Uint8Array;
  parameters: FloeParameters;
}): FloeOpener {
  const { parameters } = options;
  const header = Buffer.from(options.header);
  const expected = encodeParameters(parameters.segmentLength);
  if (header.length !== FLSE.headerLength || !header.subarray(0, PARAMETERS_LENGTH).equals(expected)) {
    throw new FloeRefused('header-tag', 'The ciphertext does not begin with the format parameters.');
  }
  const ivEnd = PARAMETERS_LENGTH + IV_LENGTH;
  const keys = keySchedule(
    options.key,
    header.subarray(PARAMETERS_LENGTH, ivEnd),
    options.associatedData,
    parameters,
  );
  if (!timingSafeEqual(keys.headerTag, header.subarray(ivEnd))) {
    keys.wipe();
    throw new FloeRefused('header-tag', 'The data key or the manifest header does not fit the ciphertext.');
  }
  return {
    open(index, bytes, final) {
      const segment = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      const refused = (): FloeRefused =>
        new FloeRefused('segment-tag', `Segment ${index} is damaged, misplaced or of another ciphertext.`);
      if (segment.length < FLSE.segmentOverhead || segment.length > parameters.segmentLength) throw refused();
      if (!final && segment.length !== parameters.segmentLength) throw refused();
      if (segment.readUInt32BE(0) !== (final ? segment.length : NOT_FINAL)) throw refused();
      const key = keys.segmentKey(index);
      const nonce = segment.subarray(4, PREFIX_LENGTH);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_LENGTH });
      decipher.setAAD(segmentAssociatedData(index, final));
      decipher.setAuthTag(segment.subarray(segment.length - TAG_LENGTH));
      const plaintext = decipher.update(segment.subarray(PREFIX_LENGTH, segment.length - TAG_LENGTH));
      try {
        decipher.final();
      } catch {
        plaintext.fill(0);
        throw refused();
      }
      return plaintext;
    },
    wipe: keys.wipe,
  };
}

function segmentAssociatedData(index: number, final: boolean): Buffer {
  const encoded = Buffer.alloc(9);
  encoded.writeBigUInt64BE(BigInt(index), 0);
  encoded[8] = final ? 1 : 0;
  return encoded;
}
