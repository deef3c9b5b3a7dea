import * as z from 'zod';
import {
  attemptNumber,
  base64url,
  es256Signature,
  experimentId,
  modelVersion,
  roundNumber,
  sha256Hex,
  siloId,
  thumbprint,
} from './identifiers.ts';
import { keyId } from './keys.ts';
import { MAX_EXAMPLES, reportedMetrics } from './reply.ts';

/**
 * The manifest of a sealed update, format `flse/1`: what a silo says about its ciphertext, signed. It travels in
 * the `submitted` reply; the ciphertext itself is a blob that holds nothing else.
 */

/** Largest `submitted` reply in bytes. */
export const MAX_MANIFEST_BYTES = 16_384;
/** Weights are whole numbers that fit 29 bits, so that weight times a float32 is exact in a float64. */
const MAX_WEIGHT = 2 ** 29 - 1;
export const SUITE = 'RSA-OAEP-256+FLOE-GCM256-256K+ES256';

const keyReference = z.strictObject({ kid: keyId, jkt: thumbprint });

/** `h`: bound into the ciphertext's key derivation, so it cannot be changed without sealing again. */
export const updateHeader = z.strictObject({
  v: z.literal(1),
  suite: z.literal(SUITE),
  exp: experimentId,
  /** 0 is the round that makes the initial model. */
  round: roundNumber,
  attempt: attemptNumber,
  silo: siloId,
  /** SHA-256 of the canonical plan, which carries the round's nonce. */
  plan: sha256Hex,
  /** The model version that the update changes; null where the update is the initial model itself. */
  base: z.strictObject({ ver: modelVersion, sha256: sha256Hex }).nullable(),
  /** Digest of the ordered tensor names, dtypes and shapes. */
  schema: sha256Hex,
  fmt: z.literal('safetensors'),
  /** Plaintext bytes. */
  len: z.int().min(0),
  weight: z.int().min(1).max(MAX_WEIGHT),
  numExamples: z.int().min(0).max(MAX_EXAMPLES),
  metrics: reportedMetrics,
  kek: keyReference,
  sig: keyReference,
  /** Epoch seconds by the silo's clock: advisory, decides nothing. */
  iat: z.int().min(0),
});
export type UpdateHeader = z.infer<typeof updateHeader>;

/** `m`: what is signed. */
export const updateManifest = z.strictObject({
  h: updateHeader,
  /** The data key under the silo's `kek`, RSA-OAEP-256, base64url. */
  wk: base64url.min(512).max(1366),
  /** Ciphertext bytes and their SHA-256. */
  ctLen: z.int().min(0),
  ct256: sha256Hex,
});
export type UpdateManifest = z.infer<typeof updateManifest>;

/** The reply that submits an update. */
export const sealedReply = z.strictObject({
  kind: z.literal('submitted'),
  m: updateManifest,
  /** ES256 as r || s, base64url. */
  sig: es256Signature,
});
export type SealedReply = z.infer<typeof sealedReply>;

/**
 * The reply as it is first read. The weight may still be anything: it is judged after the signature, so that the
 * silo whose trainer reported a bad one is told so, and a stranger is not.
 */
export const receivedReply = sealedReply.extend({
  m: updateManifest.extend({ h: updateHeader.extend({ weight: z.json() }) }),
});
export type ReceivedReply = z.infer<typeof receivedReply>;
