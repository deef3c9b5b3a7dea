import type { CatalogEntry, ExperimentDocument } from '../shared/contracts/documents.ts';

/** The summary that lists show: written after the experiment's own document, never read for a decision. */
export function catalogEntryOf(experiment: ExperimentDocument): CatalogEntry {
  return {
    id: experiment.experimentId,
    scope: 'experiments',
    name: experiment.spec.name,
    status: experiment.status,
    createdAt: experiment.createdAt,
    createdBy: experiment.createdBy,
    endedAt: experiment.endedAt,
    silos: experiment.spec.silos.length,
    rounds: experiment.spec.rounds,
  };
}
