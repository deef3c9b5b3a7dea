/** A silo, a plan and a sealed update to tamper with. */
import { constants, createHash, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import type { SigningKey, WrappingKey } from '../../shared/contracts/keys.ts';
import {
  type SealedReply,
  SUITE,
  type UpdateHeader,
  type UpdateManifest,
} from '../../shared/contracts/manifest.ts';
import type { Dtype } from '../../shared/contracts/tensor-schema.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import type { ManifestExpectations } from '../../shared/sealing/check-manifest.ts';
import { sealUpdate } from '../../shared/sealing/seal.ts';
import { jwkThumbprint, type SignDigest, signBody } from '../../shared/sealing/signature.ts';
import { parseSafetensorsHeader, writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { schemaDigest } from '../../shared/tensors/schema.ts';

export interface Silo {
  readonly name: string;
  readonly kek: WrappingKey;
  readonly sig: SigningKey;
  readonly sign: SignDigest;
  readonly unwrap: (wk: Buffer) => Promise<Buffer>;
}

/** Keys like those of a silo's vault. Generating the RSA key takes a second or so: one silo per test file. */
export function makeSilo(name: string): Silo {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { n = '', e = '' } = rsa.publicKey.export({ format: 'jwk' });
  const { x = '', y = '', d = '' } = ec.privateKey.export({ format: 'jwk' });
  const kek = { kty: 'RSA', n, e } as const;
  const sig = { kty: 'EC', crv: 'P-256', x, y } as const;
  const scalar = Buffer.from(d, 'base64url');
  const unwrapped = new Map<string, Buffer>();
  return {
    name,
    kek: { kid: `https://127.0.0.1:7081/keys/kek-${name}/0001`, jkt: jwkThumbprint(kek), jwk: kek },
    sig: { kid: `https://127.0.0.1:7081/keys/sig-${name}/0001`, jkt: jwkThumbprint(sig), jwk: sig },
    // node:crypto cannot sign a digest that was computed elsewhere; a vault can.
    sign: (digest) => Promise.resolve(p256.sign(digest, scalar, { prehash: false, lowS: false })),
    // An RSA operation takes milliseconds and the matrices ask for the same few keys by the thousand.
    async unwrap(wk) {
      const wrapped = wk.toString('base64url');
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const dek =
        unwrapped.get(wrapped) ?? privateDecrypt({ key: rsa.privateKey, padding, oaepHash: 'sha256' }, wk);
      unwrapped.set(wrapped, Buffer.from(dek));
      return Buffer.from(dek);
    },
  };
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function f32Of(values: readonly number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

export function f32(...values: number[]): Buffer {
  return f32Of(values);
}

/** A plaintext of one float32 vector. */
export function vector(values: readonly number[], name = 'w', dtype: Dtype = 'F32'): Buffer {
  return writeSafetensors([{ name, dtype, shape: [values.length], data: f32Of(values) }]);
}

/** What a well-behaved agent would put in the header for this plaintext. */
export function headerFor(
  silo: Silo,
  plaintext: Uint8Array,
  change: Partial<UpdateHeader> = {},
): UpdateHeader {
  const parsed = parseSafetensorsHeader(plaintext, { totalBytes: plaintext.length });
  return {
    v: 1,
    suite: SUITE,
    exp: 'exp-01jd0000000000000000000000',
    round: 3,
    attempt: 1,
    silo: silo.name,
    plan: sha256('plan'),
    base: { ver: 2, sha256: sha256('base') },
    schema: parsed.ok ? schemaDigest(parsed.schema) : sha256('schema'),
    fmt: 'safetensors',
    len: plaintext.length,
    weight: 120,
    numExamples: 120,
    metrics: { loss: 0.5, accuracy: 0.75 },
    kek: { kid: silo.kek.kid, jkt: silo.kek.jkt },
    sig: { kid: silo.sig.kid, jkt: silo.sig.jkt },
    iat: 1_764_000_000,
    ...change,
  };
}

/** What the coordinator expects when everything about `header` is right. */
export function expectationsOf(silo: Silo, header: UpdateHeader): ManifestExpectations {
  return {
    silo: { silo: silo.name, status: 'active', kek: silo.kek, sig: silo.sig, formerKeys: [], revoked: [] },
    receivedAt: 1_764_000_100_000,
    plan: {
      experiment: header.exp,
      round: header.round,
      attempt: header.attempt,
      base: header.base && { version: header.base.ver, sha256: header.base.sha256, bytes: header.len },
      schema: header.base && header.schema,
      limits: { maxUpdateBytes: 2 ** 26, weightCap: 1_000 },
    },
    planDigest: header.plan,
  };
}

export async function* chunked(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export interface Sealed {
  readonly reply: SealedReply;
  readonly ciphertext: Buffer;
}

export async function seal(
  silo: Silo,
  plaintext: Uint8Array,
  header: UpdateHeader = headerFor(silo, plaintext),
): Promise<Sealed> {
  const chunks: Buffer[] = [];
  const reply = await sealUpdate({
    header,
    plaintext: chunked(plaintext),
    kekPublicJwk: silo.kek.jwk,
    sign: silo.sign,
    write: (chunk) => {
      chunks.push(Buffer.from(chunk));
      return Promise.resolve();
    },
  });
  return { reply, ciphertext: Buffer.concat(chunks) };
}

/** The reply's bytes as they travel. */
export function encode(reply: unknown): Buffer {
  return Buffer.from(canonicalJson(reply), 'utf8');
}

/** A manifest signed anew by the silo itself: what an insider can always do. */
export async function resign(
  silo: Silo,
  m: unknown,
): Promise<{ kind: 'submitted'; m: unknown; sig: string }> {
  return { kind: 'submitted', m, sig: await signBody('tributary/update/1', m, silo.sign) };
}

/** The manifest of other ciphertext bytes, everything else as it was. */
export function withCiphertext(m: UpdateManifest, ciphertext: Uint8Array): UpdateManifest {
  return { ...m, ctLen: ciphertext.length, ct256: sha256(ciphertext) };
}
