import type * as z from 'zod';
import {
  type BlobReference,
  type ExperimentDocument,
  type FrozenSet,
  frozenSet,
  type ParticipationDocument,
  type RoundDocument,
} from '../shared/contracts/documents.ts';
import { compare } from '../shared/domain/cohort.ts';
import { paths } from '../shared/domain/resources.ts';
import { sumModeOf } from '../shared/domain/strategies/sum-mode.ts';
import type { Services } from '../shared/ports/services.ts';
import { canonicalJson } from '../shared/sealing/canonical-json.ts';
import { bufferedRows } from './buffered-rows.ts';
import { closeRound } from './descriptors.ts';
import { frozenRow } from './frozen-row.ts';
import { implement } from './run-activity.ts';

type Input = z.infer<typeof closeRound.input>;
type Output = z.infer<typeof closeRound.output>;

/** Freezes the admitted set: from here on nothing is admitted and nothing is dropped. Read next: aggregate-round. */
export const closeRoundActivity = implement(
  closeRound,
  async (input: Input, services: Services): Promise<Output> => {
    const experiment = await services.experiments.readExperiment(input.experiment);
    if (experiment === undefined || experiment.requested === 'cancel') {
      const { round } = await services.experiments.advanceRound(
        input,
        ['collecting', 'draining', 'closing', 'closed'],
        {
          phase: 'cancelled',
          endedAt: input.at,
        },
      );
      return round.phase === 'aggregated' ? answer(round) : { kind: 'cancelled' };
    }
    const { round } = await services.experiments.advanceRound(input, ['collecting', 'draining'], {
      phase: 'closing',
      closedAt: input.at,
    });
    if (round.phase !== 'closing') return answer(round);

    const admitted = await services.experiments.listParticipations(input, 'admitted');
    if (admitted.length !== round.counters.admitted) {
      throw new Error(
        `${admitted.length} participations are admitted and the round counts ${round.counters.admitted}`,
      );
    }
    if (admitted.length < round.quorum) {
      const failure = { slug: 'quorum-missed', detail: missed(round) };
      const failed = await services.experiments.advanceRound(input, ['closing'], {
        phase: 'failed',
        endedAt: input.at,
        failure,
      });
      return answer(failed.round);
    }
    const frozen = await freeze(round, admitted, experiment, services);
    // An evaluate round ends here: nothing is left to aggregate.
    const done =
      round.task === 'evaluate'
        ? { phase: 'aggregated' as const, endedAt: input.at }
        : { phase: 'closed' as const };
    const closed = await services.experiments.advanceRound(input, ['closing'], {
      ...done,
      frozen,
    });
    return answer(closed.round);
  },
);

/**
 * Writes the set, once. Late updates go on arriving, so a repeated activity may not find the set that it would write
 * now: the one that is there stands, if it holds the same admitted updates.
 */
async function freeze(
  round: RoundDocument,
  admitted: readonly ParticipationDocument[],
  { experimentId, pointer, spec }: ExperimentDocument,
  services: Services,
): Promise<{ set: BlobReference; count: number }> {
  const key = { experiment: experimentId, round: round.round, attempt: round.attempt };
  const late = round.task === 'train' ? await bufferedRows(key, spec.strategy, services) : [];
  const rows = [...admitted.flatMap((update) => frozenRow(update, 0)), ...late];
  const set: FrozenSet = {
    ...key,
    plan: round.planDigest,
    base: round.base,
    state: pointer?.state ?? null,
    strategy: spec.strategy.kind,
    sumMode: sumModeOf(spec.strategy),
    // By silo, a silo's older update before its newer one.
    updates: rows.sort((a, b) => compare(a.silo, b.silo) || b.staleness - a.staleness),
  };
  const path = paths.frozenSet(key.experiment, key.round, key.attempt);
  const { reference, bytes } = await services.archive.putOrRead(path, Buffer.from(canonicalJson(set)));
  const stored = frozenSet.parse(JSON.parse(bytes.toString()));
  if (canonicalJson(withoutLate(stored)) !== canonicalJson(withoutLate(set))) {
    throw new Error(`the set frozen at ${path} is not that of the admitted updates`);
  }
  const lateOnes = stored.updates.filter(({ staleness }) => staleness > 0).length;
  return { set: reference, count: admitted.length + lateOnes };
}

function withoutLate(set: FrozenSet): FrozenSet {
  return { ...set, updates: set.updates.filter(({ staleness }) => staleness === 0) };
}

function answer(round: RoundDocument): Output {
  if (round.frozen !== null && (round.phase === 'closed' || round.phase === 'aggregated')) {
    return { kind: 'closed', count: round.frozen.count, set: round.frozen.set };
  }
  if (round.phase === 'cancelled') return { kind: 'cancelled' };
  const reason = round.failure ?? { slug: 'round-error', detail: `the round was left ${round.phase}` };
  return { kind: 'failed', reason, retriable: true };
}

function missed({ counters, cohortSize, quorum }: RoundDocument): string {
  const others = Object.entries(counters)
    .filter(([name, count]) => count > 0 && name !== 'submitted' && name !== 'admitted')
    .map(([name, count]) => `${count} ${name}`);
  const answered =
    counters.admitted +
    counters.refused +
    counters.late +
    counters.declined +
    counters.failed +
    counters.unreachable;
  if (answered < cohortSize) others.push(`${cohortSize - answered} silent`);
  return `${counters.admitted} of ${cohortSize} updates were admitted and the quorum is ${quorum} (${others.join(', ')})`;
}
