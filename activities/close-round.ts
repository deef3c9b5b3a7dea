import type * as z from 'zod';
import type {
  FrozenSet,
  FrozenUpdate,
  ParticipationDocument,
  RoundDocument,
} from '../shared/contracts/documents.ts';
import { compare } from '../shared/domain/cohort.ts';
import { paths } from '../shared/domain/resources.ts';
import { sumModeOf } from '../shared/domain/strategies/sum-mode.ts';
import type { Services } from '../shared/ports/services.ts';
import { canonicalJson } from '../shared/sealing/canonical-json.ts';
import { closeRound } from './descriptors.ts';
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
    const set: FrozenSet = {
      experiment: input.experiment,
      round: input.round,
      attempt: input.attempt,
      plan: round.planDigest,
      base: round.base,
      state: experiment.pointer?.state ?? null,
      strategy: experiment.spec.strategy.kind,
      sumMode: sumModeOf(experiment.spec.strategy),
      updates: admitted.flatMap(frozenRow).sort((a, b) => compare(a.silo, b.silo)),
    };
    const path = paths.frozenSet(input.experiment, input.round, input.attempt);
    const reference = await services.archive.put(path, Buffer.from(canonicalJson(set)));
    // An evaluate round ends here: nothing is left to aggregate.
    const done =
      round.task === 'evaluate'
        ? { phase: 'aggregated' as const, endedAt: input.at }
        : { phase: 'closed' as const };
    const closed = await services.experiments.advanceRound(input, ['closing'], {
      ...done,
      frozen: { set: reference, count: admitted.length },
    });
    return answer(closed.round);
  },
);

/** A reply without a tensor has no row: nothing of it is aggregated. */
function frozenRow(admitted: ParticipationDocument): FrozenUpdate[] {
  const { silo, weight, manifest, pin, evidence, metrics } = admitted;
  if (weight === null || manifest === null || pin === null || evidence === null) return [];
  return [{ silo, weight, norm: evidence.norm, metrics: metrics ?? {}, staleness: 0, manifest, pin }];
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
