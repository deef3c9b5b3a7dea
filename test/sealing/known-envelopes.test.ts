import { constants, createPrivateKey, privateDecrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SigningKey, WrappingKey } from '../../shared/contracts/keys.ts';
import type { SealedReply } from '../../shared/contracts/manifest.ts';
import { admitUpdate, checkManifest, openRanges } from '../../shared/sealing/open.ts';
import { sealUpdate } from '../../shared/sealing/seal.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { chunked, encode, expectationsOf, sha256, vector } from './envelope.ts';
import { randomBuffer, seeded } from './seeded.ts';

interface KnownEnvelope {
  readonly seed: number;
  readonly length: number;
  readonly values?: number[];
  readonly plaintextSha256: string;
  readonly manifestDigest: string;
  readonly reply: SealedReply;
}

const file = new URL('vectors/flse/envelopes.json', import.meta.url);
const known = JSON.parse(readFileSync(file, 'utf8')) as {
  kek: WrappingKey & { privateJwk: object };
  sig: SigningKey;
  envelopes: KnownEnvelope[];
};

const unwrap = (wk: Buffer): Promise<Buffer> => {
  const key = createPrivateKey({ key: { ...known.kek.privateJwk }, format: 'jwk' });
  return Promise.resolve(
    privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, wk),
  );
};
const silo = {
  name: 'north',
  kek: known.kek,
  sig: known.sig,
  sign: () => Promise.resolve(new Uint8Array(64)),
  unwrap,
};

it('there are ten fixed envelopes, around every boundary of a segment', () => {
  const lengths = known.envelopes.map(({ length }) => length);
  expect(lengths).toHaveLength(10);
  expect(lengths).toEqual(expect.arrayContaining([0, 262_111, 262_112, 262_113, 5 * 2 ** 20]));
});

describe.each(known.envelopes)('the fixed envelope of $length bytes from seed $seed', (envelope) => {
  const { seed, length, values, reply, plaintextSha256, manifestDigest } = envelope;
  const plaintext = values ? vector(values) : randomBuffer(seeded(seed), length);

  it('is verified, sealed again to the same ciphertext, and opened', async () => {
    expect(sha256(plaintext)).toBe(plaintextSha256);
    const checked = checkManifest(encode(reply), expectationsOf(silo, reply.m.h));
    expect(checked).toMatchObject({ ok: true, manifestDigest });
    expect(bodyDigest(reply.m)).toBe(manifestDigest);

    const random = seeded(seed + 1_000);
    const chunks: Buffer[] = [];
    const again = await sealUpdate({
      header: reply.m.h,
      plaintext: chunked(plaintext),
      kekPublicJwk: known.kek.jwk,
      sign: silo.sign,
      write: (chunk) => {
        chunks.push(Buffer.from(chunk));
        return Promise.resolve();
      },
      random: (bytes) => randomBuffer(random, bytes),
    });
    const ciphertext = Buffer.concat(chunks);
    expect({ ...again.m, wk: reply.m.wk }).toEqual(reply.m);

    const opened = await openRanges({
      manifest: reply.m,
      dek: await unwrap(Buffer.from(reply.m.wk, 'base64url')),
      readCiphertext: (offset, bytes) => Promise.resolve(ciphertext.subarray(offset, offset + bytes)),
    });
    expect((await opened.readPlaintext(0, length)).equals(plaintext)).toBe(true);

    const admitted = await admitUpdate({
      manifest: reply.m,
      contentLength: ciphertext.length,
      ciphertext: chunked(ciphertext),
      unwrap,
    });
    expect(admitted).toMatchObject(values ? { ok: true } : { ok: false, slug: 'tensor-header' });
  });
});
