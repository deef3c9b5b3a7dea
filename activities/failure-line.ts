import type { ExperimentDocument } from '../shared/contracts/documents.ts';

/**
 * The line by which an alert learns of an experiment that the coordinator ended as failed: nothing threw, so nothing else
 * tells. The words are the query's in infra/modules/alerts.bicep. A repeated activity writes it again. No detail: it may
 * quote a silo.
 */
export function failureLine({
  experimentId,
  currentRound,
  reason,
}: Pick<ExperimentDocument, 'experimentId' | 'currentRound' | 'reason'>): string {
  return JSON.stringify({
    event: 'experiment-failed',
    experiment: experimentId,
    round: currentRound?.round ?? null,
    attempt: currentRound?.attempt ?? null,
    slug: reason?.slug ?? null,
  });
}
