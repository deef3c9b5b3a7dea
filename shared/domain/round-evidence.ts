import type { FrozenSet } from '../contracts/documents.ts';
import type { RoundEvidence } from '../contracts/round-evidence.ts';
import type { Decision } from './strategies/decision.ts';

/**
 * What is kept of a decision for people to look at: how each update of the set entered the result. `scales` and
 * `cosines` run in the order of the set.
 */
export function roundEvidenceOf(
  set: FrozenSet,
  setDigest: string,
  {
    decision,
    scales,
    cosines,
  }: {
    readonly decision: Decision;
    readonly scales: readonly number[];
    readonly cosines: readonly (number | null)[];
  },
): RoundEvidence {
  return {
    set: setDigest,
    strategy: set.strategy,
    sumMode: set.sumMode,
    updates: set.updates.map(({ silo, staleness, norm }, i) => {
      const verdict = decision.verdicts[i];
      if (verdict === undefined) throw new Error('a decision has a verdict for every update');
      const { included, share, score } = verdict;
      const cosine = cosines[i] ?? null;
      return {
        silo,
        staleness,
        norm,
        scale: scales[i] ?? 1,
        share,
        included,
        ...(score === undefined ? {} : { score }),
        // Rounding may carry the cosine of parallel updates past 1.
        cosine: cosine === null ? null : Math.max(-1, Math.min(1, cosine)),
      };
    }),
  };
}
