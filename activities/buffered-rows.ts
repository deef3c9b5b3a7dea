import { type FrozenUpdate, frozenSet, type RoundDocument } from '../shared/contracts/documents.ts';
import type { AttemptKey } from '../shared/contracts/identifiers.ts';
import type { StrategySpec } from '../shared/contracts/strategy-spec.ts';
import { countedNow } from '../shared/domain/buffered-updates.ts';
import { inBatches } from '../shared/domain/in-batches.ts';
import type { Services } from '../shared/ports/services.ts';
import { frozenRow } from './frozen-row.ts';

const READS_AT_ONCE = 8;

/**
 * The late updates of the last rounds that count in this one: none unless the strategy buffers them.
 *
 * After an attempt at this round that was frozen and then failed they stay away: one of them may be what made it fail,
 * and a silo must not hold the experiment up with an update that it has taken back. They count in the next round.
 */
export async function bufferedRows(
  key: AttemptKey,
  strategy: StrategySpec,
  services: Services,
): Promise<FrozenUpdate[]> {
  if (strategy.kind !== 'fedbuff') return [];
  const rounds = await services.experiments.listRounds(key.experiment);
  if (rounds.some((other) => other.round === key.round && other.attempt < key.attempt && other.frozen)) {
    return [];
  }
  const oldest = Math.max(1, key.round - strategy.maxStaleness);
  const before = rounds.filter(({ round, task }) => task === 'train' && round >= oldest && round < key.round);
  const numbers = [...new Set(before.map(({ round }) => round))];
  const late = await inBatches(numbers, READS_AT_ONCE, (round) =>
    services.experiments.listParticipations({ experiment: key.experiment, round }, 'late'),
  );
  const published = await inBatches(before.filter(isPublished), READS_AT_ONCE, async ({ frozen }) =>
    frozenSet.parse(JSON.parse((await services.archive.get(frozen.set)).toString())),
  );
  return countedNow(late.flat(), published).flatMap((update) => frozenRow(update, key.round - update.round));
}

type Frozen = RoundDocument & { readonly frozen: NonNullable<RoundDocument['frozen']> };

function isPublished(round: RoundDocument): round is Frozen {
  return round.phase === 'aggregated' && round.frozen !== null;
}
