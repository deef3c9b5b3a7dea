import type { FrozenUpdate, ParticipationDocument } from '../shared/contracts/documents.ts';

/** A participation as a row of the frozen set. A reply without a tensor has none: nothing of it is aggregated. */
export function frozenRow(participation: ParticipationDocument, staleness: number): FrozenUpdate[] {
  const { silo, weight, manifest, pin, evidence, metrics } = participation;
  if (weight === null || manifest === null || pin === null || evidence === null) return [];
  return [{ silo, weight, norm: evidence.norm, metrics: metrics ?? {}, staleness, manifest, pin }];
}
