import { constants, privateDecrypt } from 'node:crypto';
import type { Plan } from '../../../shared/contracts/plan.ts';
import type { TensorSchema } from '../../../shared/contracts/tensor-schema.ts';
import { admitUpdate, checkManifest, openRanges } from '../../../shared/sealing/open.ts';
import { bodyDigest } from '../../../shared/sealing/signature.ts';
import { kekPrivateKey, localKeys, type SiloPeer } from './silo-peer.ts';

export function unwrap(wrapped: Uint8Array): Buffer {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return privateDecrypt({ key: kekPrivateKey, padding, oaepHash: 'sha256' }, wrapped);
}

/** Admits a sent update as the coordinator does, and gives its plaintext. With an encoding, `model` has the tensors. */
export async function admitted(silo: SiloPeer, plan: Plan, reply: unknown, model?: TensorSchema) {
  const [kek, sig] = [await localKeys().kek(), await localKeys().sig()];
  const checked = checkManifest(Buffer.from(JSON.stringify(reply)), {
    silo: { silo: 'hospital-a', status: 'active', kek, sig, formerKeys: [], revoked: [] },
    receivedAt: Date.now(),
    plan,
    planDigest: bodyDigest(plan),
  });
  if (!checked.ok) throw new Error(`${checked.slug}: ${checked.detail}`);
  const { manifest, manifestDigest } = checked;
  const path = `${plan.experiment}/r${plan.round}/a${plan.attempt}/${manifest.ct256}`;
  const blob = silo.blobs.get(path);
  if (blob === undefined) throw new Error(`no blob at ${path}`);
  const { normCap } = plan.limits;
  const admission = await admitUpdate({
    manifest,
    contentLength: blob.length,
    ciphertext: (async function* () {
      yield blob;
    })(),
    unwrap: async (wrapped) => unwrap(wrapped),
    ...(model === undefined ? {} : { expectedSchema: model }),
    ...(plan.encoding === undefined ? {} : { encoding: plan.encoding.as }),
    ...(normCap === undefined ? {} : { normCap }),
  });
  if (!admission.ok) throw new Error(`${admission.slug}: ${admission.detail}`);
  const ranges = await openRanges({
    manifest,
    dek: unwrap(Buffer.from(manifest.wk, 'base64url')),
    readCiphertext: async (offset, length) => blob.subarray(offset, offset + length),
  });
  const plaintext = await ranges.readPlaintext(0, manifest.h.len);
  return { manifest, manifestDigest, plaintext, evidence: admission.evidence };
}

/** Float elements of a canonical update of the example model: weights, then the bias. */
export function floatsOf(plaintext: Buffer): number[] {
  const data = plaintext.subarray(8 + Number(plaintext.readBigUInt64LE(0)));
  return [0, 4, 8, 12, 16].map((at) => data.readFloatLE(at));
}
