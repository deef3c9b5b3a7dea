/**
 * The dear half of opening: one pass over the ciphertext of a manifest that `checkManifest` let through.
 *
 * 1. Nothing is stored and nothing counts before the last segment has verified.
 * 2. The unwrap, which the silo's vault meters and logs, is spent only on a manifest that the silo has signed and
 *    a blob that has the right length and has begun to arrive.
 * 3. Of several faults the first in the list of slugs is given. The digest is complete only at the end, so after a
 *    failed tag the pass goes on hashing: a blob that was swapped is `blob-hash`, not `segment-tag`.
 */
import { createHash } from 'node:crypto';
import type { UpdateEncoding } from '../contracts/encoding.ts';
import type { UpdateManifest } from '../contracts/manifest.ts';
import { type Refusal, refuse, type UpdateSlug, updateSlugs } from '../contracts/refusals.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import { inspectPlaintext, type UpdateEvidence } from '../tensors/inspect-plaintext.ts';
import { openerOf } from './data-key.ts';
import { FLSE, type FloeOpener, FloeRefused, segmentCount } from './floe.ts';
import { regroup } from './regroup.ts';

/** Unwraps a data key with the manifest's `kek`. A refusal of the vault is thrown with its `slug`. */
export type Unwrap = (wrapped: Buffer) => Promise<Uint8Array>;

export type Admission = { readonly ok: true; readonly evidence: UpdateEvidence } | Refusal<UpdateSlug>;

/**
 * Reads the ciphertext once and says whether the update may count. Refusals are data; what is thrown is a fault
 * of ours (a vault or store that failed), after which the same call may be made again.
 */
export async function admitUpdate(options: {
  manifest: UpdateManifest;
  /** Length of the blob as its store states it. */
  contentLength: number;
  ciphertext: AsyncIterable<Uint8Array>;
  unwrap: Unwrap;
  /** The model's tensors, and how the plan has them encoded. */
  expectedSchema?: TensorSchema;
  encoding?: UpdateEncoding;
  /** Largest L2 norm admitted. */
  normCap?: number;
}): Promise<Admission> {
  const { manifest, contentLength, ciphertext, unwrap, expectedSchema, encoding, normCap } = options;
  const { h, ctLen } = manifest;

  const last = segmentCount(h.len) - 1;
  const digest = createHash('sha256');
  const inspection = inspectPlaintext({
    totalBytes: h.len,
    schemaDigest: h.schema,
    ...(expectedSchema && { expectedSchema }),
    ...(encoding && { encoding }),
    ...(normCap !== undefined && { normCap }),
  });
  const found: Refusal<UpdateSlug>[] = [];
  let opener: FloeOpener | undefined;
  let index = -1; // the header comes before segment 0
  let received = 0;
  try {
    for await (const piece of regroup(ciphertext, pieceLength)) {
      // Judged here rather than before the loop, because leaving the loop is what ends the download.
      if (contentLength !== ctLen) return wrongLength(contentLength, ctLen);
      received += piece.length;
      if (received > ctLen) return wrongLength(received, ctLen);
      digest.update(piece);
      if (found.length === 0) {
        try {
          if (index < 0) opener = await beginOpening(manifest, piece, unwrap);
          else if (opener) inspection.add(opener.open(index, piece, index === last));
        } catch (error) {
          found.push(asRefusal(error));
        }
      }
      index += 1;
    }
  } finally {
    opener?.wipe();
  }

  if (received !== ctLen) return wrongLength(received, ctLen);
  if (digest.digest('hex') !== manifest.ct256) {
    found.push(refuse('blob-hash', 'The blob is not the one that the manifest names.'));
  }
  const inspected = inspection.finish();
  if (!inspected.ok) found.push(inspected);
  const [first] = found.sort((a, b) => updateSlugs.indexOf(a.slug) - updateSlugs.indexOf(b.slug));
  return first ?? inspected;
}

function pieceLength(index: number): number {
  return index === 0 ? FLSE.headerLength : FLSE.segmentLength;
}

async function beginOpening(manifest: UpdateManifest, header: Buffer, unwrap: Unwrap): Promise<FloeOpener> {
  const dataKey = await unwrap(Buffer.from(manifest.wk, 'base64url'));
  try {
    return openerOf(manifest, dataKey, header);
  } finally {
    dataKey.fill(0);
  }
}

function wrongLength(found: number, expected: number): Refusal<UpdateSlug> {
  return refuse('blob-length', `The blob has ${found} bytes; the manifest says ${expected}.`);
}

/** What the ciphertext or the silo's vault is to blame for becomes data; everything else goes on as thrown. */
function asRefusal(error: unknown): Refusal<UpdateSlug> {
  if (error instanceof FloeRefused) return refuse(error.slug, error.message);
  const slug = error instanceof Error && 'slug' in error ? error.slug : undefined;
  if (slug === 'unwrap-denied' || slug === 'key-revoked') {
    return refuse(slug, "The silo's vault did not unwrap the data key.");
  }
  throw error;
}
