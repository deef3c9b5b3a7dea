/**
 * When a round has enough. Invariant: `admitted + still possible` only falls, so a verdict of out-of-reach is final.
 * A silent silo counts as possible until the deadline.
 */
import type { RoundCounters, RoundPhase } from '../contracts/documents.ts';

export interface RoundTally {
  readonly phase: RoundPhase;
  readonly counters: RoundCounters;
  readonly cohortSize: number;
  readonly quorum: number;
}

export type CollectingVerdict = 'undecided' | 'quorum' | 'out-of-reach' | 'all-answered' | 'stopped';

/** Updates that are being admitted right now. `late` ones may have been submitted before: they are resolved too. */
export function unresolved(counters: RoundCounters): number {
  return counters.submitted - counters.admitted - counters.refused - counters.late;
}

/** Silos that cannot contribute any more. */
function outOfIt(counters: RoundCounters): number {
  return counters.refused + counters.late + counters.declined + counters.failed + counters.unreachable;
}

export function stillPossible(tally: RoundTally): number {
  return Math.max(0, tally.cohortSize - tally.counters.admitted - outOfIt(tally.counters));
}

export function collectingVerdict(tally: RoundTally): CollectingVerdict {
  if (tally.phase !== 'collecting') return 'stopped';
  const possible = stillPossible(tally);
  if (tally.counters.admitted + possible < tally.quorum) return 'out-of-reach';
  if (possible === 0) return 'all-answered';
  if (tally.counters.admitted >= tally.quorum) return 'quorum';
  return 'undecided';
}

/** Which wake-ups a counter change deserves. Their payloads are never trusted: the round reads its document. */
export function wakeUps(tally: RoundTally): ('quorum' | 'settled')[] {
  const verdict = collectingVerdict({ ...tally, phase: 'collecting' });
  switch (verdict) {
    case 'undecided':
    case 'stopped':
      return tally.phase === 'draining' && unresolved(tally.counters) === 0 ? ['settled'] : [];
    case 'quorum':
      return tally.phase === 'draining' && unresolved(tally.counters) === 0
        ? ['quorum', 'settled']
        : ['quorum'];
    case 'out-of-reach':
    case 'all-answered':
      return ['quorum', 'settled'];
  }
}
