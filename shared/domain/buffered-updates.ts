import type { FrozenSet, ParticipationDocument } from '../contracts/documents.ts';

/**
 * Which late updates of earlier rounds count in a round: each silo's update of each round, once.
 *
 * 1. A silo's contribution to round q is one thing, whatever the attempt: it counted if q's own set has a row of the
 *    silo, or if the set of a later round has one that is as many rounds stale as the two lie apart.
 * 2. Only sets that became a model count; they are written once and never change, so a repeated call answers alike
 *    but for updates that arrived in between.
 * 3. Of several attempts at a round the last one's update is taken: all were trained from the same base.
 */
export function countedNow(
  late: readonly ParticipationDocument[],
  published: readonly FrozenSet[],
): ParticipationDocument[] {
  const taken = new Set(
    published.flatMap(({ round, updates }) =>
      updates.map(({ silo, staleness }) => contribution(silo, round - staleness)),
    ),
  );
  const chosen = new Map<string, ParticipationDocument>();
  for (const update of late) {
    if (update.pin === null) continue;
    const key = contribution(update.silo, update.round);
    const other = chosen.get(key);
    if (!taken.has(key) && (other === undefined || other.attempt < update.attempt)) chosen.set(key, update);
  }
  return [...chosen.values()];
}

function contribution(silo: string, round: number): string {
  return `${silo}/${round}`;
}
