import pc from 'picocolors';
import type { ExperimentList, ExperimentView } from '../../shared/contracts/api.ts';
import type { UpdateEvidence } from '../../shared/contracts/round-evidence.ts';
import type { ShownRound } from '../api-client.ts';
import { relative } from './durations.ts';
import { progressBlock, stateText } from './progress.ts';
import { bytes, fields, metricsText, table } from './tables.ts';

export function experimentTable(experiments: ExperimentList['experiments'], now: number): string {
  if (experiments.length === 0) return 'there are no experiments';
  const rows = experiments.map(({ experiment, name, status, silos, rounds, createdAt }) => [
    experiment,
    stateText(status),
    String(silos),
    String(rounds),
    relative(createdAt, now),
    name,
  ]);
  return table(['ID', 'STATUS', 'SILOS', 'ROUNDS', 'CREATED', 'NAME'], rows);
}

export function experimentText(view: ExperimentView, now: number): string {
  const { best, model, spec } = view;
  const details = fields([
    ['created', `${view.createdAt} by ${view.createdBy}`],
    ['started', view.startedAt ?? undefined],
    ['ended', view.endedAt ?? undefined],
    ['silos', spec.silos.join(', ')],
    ['model', model === null ? undefined : `version ${model.version}  sha256 ${model.sha256}`],
    ['best', best === null ? undefined : `version ${best.version}  ${best.value}`],
  ]);
  return [...progressBlock(view, now, 50), '', details].join('\n');
}

export function roundDetails(round: ShownRound): string {
  const { counters, failure, model } = round;
  const counts = Object.entries(counters)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`);
  const details = fields([
    ['round', `${round.round}  attempt ${round.attempt} of ${round.attempts}  ${round.task}`],
    ['phase', round.phase],
    ['aggregation', aggregationText(round)],
    ['opened', round.openedAt],
    ['deadline', round.deadline],
    ['closed', round.closedAt ?? undefined],
    ['quorum', `${round.quorum} of ${round.cohortSize}`],
    ['answers', counts.join('  ') || 'none'],
    ['model', model === null ? undefined : `version ${model.version}  sha256 ${model.sha256}`],
    ['frozen set', round.frozenSet ?? undefined],
    ['failure', failure === null ? undefined : pc.red(`${failure.slug}: ${failure.detail}`)],
  ]);
  const shares = new Map(
    round.evidence.filter(({ staleness }) => staleness === 0).map((row) => [row.silo, row]),
  );
  const rows = round.silos.map((silo) => [
    silo.silo,
    stateText(silo.state),
    silo.numExamples === null ? '' : String(silo.numExamples),
    silo.evidence === null ? '' : silo.evidence.norm.toPrecision(4),
    shareText(shares.get(silo.silo)),
    silo.reason === null ? metricsText(silo.metrics) : `${silo.reason.slug}: ${silo.reason.detail}`,
  ]);
  return `${details}\n\n${table(['SILO', 'STATE', 'EXAMPLES', 'NORM', 'SHARE', 'METRICS'], rows)}`;
}

/** How much of the new model is this silo's, and how well it agrees with the rest. */
function aggregationText({ aggregation, phase }: ShownRound): string | undefined {
  if (aggregation === undefined || phase !== 'closed') return undefined;
  const { pass, doneBytes } = aggregation;
  const what = pass === 'measure' ? 'comparing updates' : 'folding';
  return `${what}: ${bytes(doneBytes)} of ${bytes(aggregation.bytes)}`;
}

function shareText(row: UpdateEvidence | undefined): string {
  if (row === undefined) return '';
  if (!row.included) return 'left out';
  const cosine = row.cosine === null ? '' : `  cos ${row.cosine.toFixed(2)}`;
  return `${(100 * row.share).toFixed(1)} %${cosine}`;
}
