import type { CohortRule } from '../contracts/spec.ts';

/** How many silos of `eligible` a rule asks for; at least one. */
export function cohortSize(rule: CohortRule, eligible: number): number {
  const wanted = 'size' in rule ? rule.size : Math.ceil(rule.fraction * eligible);
  return Math.max(1, Math.min(wanted, eligible));
}

/**
 * Picks this round's cohort: the silos with the smallest pseudo-random rank, sorted by id. The same seed and round
 * give the same cohort whatever the attempt, so that an update trained for attempt 1 serves attempt 2.
 */
export function selectCohort(options: {
  silos: readonly string[];
  rule: CohortRule;
  seed: number;
  round: number;
}): string[] {
  const size = cohortSize(options.rule, options.silos.length);
  return options.silos
    .map((silo) => ({ silo, rank: mix(`${options.seed}/${options.round}/${silo}`) }))
    .sort((a, b) => a.rank - b.rank || compare(a.silo, b.silo))
    .slice(0, size)
    .map(({ silo }) => silo)
    .sort(compare);
}

/** A task's seed: from the experiment's seed and the round, never from the attempt; trainers add their silo. */
export function taskSeed(seed: number, round: number): number {
  return mix(`${seed}/${round}`) % 2 ** 31;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** FNV-1a with a final avalanche (MurmurHash3's), 32 bits: even spread, no secrecy. */
function mix(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
