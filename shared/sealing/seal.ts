/**
 * Seals an update for its silo's own key (format `flse/1`): encrypt under a fresh data key, wrap that key with the
 * public part of the silo's `kek`, sign the manifest. Everything but the signature happens on this machine.
 * Next reader: open.ts, at the coordinator.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { WrappingJwk } from '../contracts/keys.ts';
import { type SealedReply, sealedReply, type UpdateHeader, updateHeader } from '../contracts/manifest.ts';
import { DATA_KEY_BYTES, headerContext, wrapDataKey } from './data-key.ts';
import { ciphertextLength, FLSE, segmentCount, startSealing } from './floe.ts';
import { regroup } from './regroup.ts';
import { jwkThumbprint, type SignDigest, signBody } from './signature.ts';

/**
 * Streams the ciphertext to `write`, one segment in memory at a time, and returns the signed reply. Sealing twice
 * gives different bytes: keep the first result and send it again.
 *
 * Throws when the header is not a valid one, when `kekPublicJwk` is not the key that it names, or when the
 * plaintext is not exactly `header.len` bytes; what was written until then is of no use to anybody.
 */
export async function sealUpdate(options: {
  header: UpdateHeader;
  plaintext: AsyncIterable<Uint8Array>;
  kekPublicJwk: WrappingJwk;
  sign: SignDigest;
  write: (chunk: Uint8Array) => Promise<void>;
  /** Source of keys and nonces; anything but the default is for known-answer tests. */
  random?: (length: number) => Uint8Array;
}): Promise<SealedReply> {
  const { kekPublicJwk, sign, write, random = randomBytes } = options;
  const header = updateHeader.parse(options.header);
  if (jwkThumbprint(kekPublicJwk) !== header.kek.jkt) {
    throw new Error('The wrapping key is not the one that the header names.');
  }

  const dataKey = Buffer.from(random(DATA_KEY_BYTES));
  let wrapped: Buffer;
  let ct256: string;
  try {
    wrapped = wrapDataKey(dataKey, kekPublicJwk);
    ct256 = await encrypt({ dataKey, header, plaintext: options.plaintext, write, random });
  } finally {
    dataKey.fill(0);
  }

  const m = {
    h: header,
    wk: wrapped.toString('base64url'),
    ctLen: ciphertextLength(header.len),
    ct256,
  };
  const sig = await signBody('tributary/update/1', m, sign);
  return sealedReply.parse({ kind: 'submitted', m, sig });
}

/** Writes the ciphertext and returns its SHA-256. */
async function encrypt(options: {
  dataKey: Buffer;
  header: UpdateHeader;
  plaintext: AsyncIterable<Uint8Array>;
  write: (chunk: Uint8Array) => Promise<void>;
  random: (length: number) => Uint8Array;
}): Promise<string> {
  const { dataKey, header, plaintext, write, random } = options;
  const sealer = startSealing({
    key: dataKey,
    associatedData: headerContext(header),
    parameters: FLSE,
    random,
  });
  const digest = createHash('sha256');
  const emit = async (chunk: Buffer): Promise<void> => {
    digest.update(chunk);
    await write(chunk);
  };
  const last = segmentCount(header.len) - 1;
  let index = 0;
  let sealed = 0;
  try {
    await emit(sealer.header);
    for await (const segment of regroup(plaintext, () => FLSE.segmentPlaintext)) {
      sealed += segment.length;
      if (sealed > header.len) break;
      if (segment.length < FLSE.segmentPlaintext && index < last) break;
      await emit(sealer.seal(segment, index === last));
      index += 1;
    }
    if (header.len === 0 && sealed === 0) await emit(sealer.seal(new Uint8Array(0), true));
  } finally {
    sealer.wipe();
  }
  if (sealed !== header.len)
    throw new Error(`The plaintext is not the ${header.len} bytes that the header says.`);
  return digest.digest('hex');
}
