import * as z from 'zod';
import type { BlobReference } from '../shared/contracts/documents.ts';
import { siloId } from '../shared/contracts/identifiers.ts';
import { signingKey, wrappingKey } from '../shared/contracts/keys.ts';
import type { RoundArchive } from '../shared/ports/blobs.ts';
import { canonicalJson } from '../shared/sealing/canonical-json.ts';
import { bodyDigest } from '../shared/sealing/signature.ts';

/** A silo as it stood in the roster when the round was opened: these keys are the ones its update must name. */
export const cohortMember = z.strictObject({
  silo: siloId,
  rosterVersion: z.int(),
  objectId: z.uuid(),
  kek: wrappingKey,
  sig: signingKey,
});
export type CohortMember = z.infer<typeof cohortMember>;

export const cohortRecord = z.strictObject({ members: z.array(cohortMember) });

export function cohortBytes(members: readonly CohortMember[]): Buffer {
  return Buffer.from(canonicalJson({ members }));
}

/** What a plan says of its cohort: which silos, with which keys. A silo may refuse company it did not agree to. */
export function rosterDigest(members: readonly CohortMember[]): string {
  return bodyDigest(members.map(({ silo, kek, sig }) => ({ silo, kek: kek.jkt, sig: sig.jkt })));
}

const kept = new Map<string, readonly CohortMember[]>();

/** The cohort of a round; the last few stay in memory, as every reply of the round asks for it. */
export async function readCohort(
  archive: RoundArchive,
  reference: BlobReference,
): Promise<readonly CohortMember[]> {
  const known = kept.get(reference.sha256);
  if (known !== undefined) return known;
  const { members } = cohortRecord.parse(JSON.parse((await archive.get(reference)).toString()));
  if (kept.size >= 32) kept.delete(kept.keys().next().value ?? '');
  kept.set(reference.sha256, members);
  return members;
}
