import type * as z from 'zod';
import type { ExperimentDocument } from '../shared/contracts/documents.ts';
import { inBatches } from '../shared/domain/in-batches.ts';
import type { Services } from '../shared/ports/services.ts';
import { catalogEntryOf } from './catalog-entry.ts';
import { finishExperiment } from './descriptors.ts';
import { failureLine } from './failure-line.ts';
import { implement, type Warn } from './run-activity.ts';
import { signOutcome } from './sign-outcome.ts';

type Input = z.infer<typeof finishExperiment.input>;
type Output = z.infer<typeof finishExperiment.output>;

const week = 7 * 86_400_000;

/** The end, in the ledger first; then operators are told of a failure, and the silos, so that they can let go of what they kept. */
export const finishExperimentActivity = implement(
  finishExperiment,
  async (input: Input, services: Services, warn: Warn): Promise<Output> => {
    const experiment = await services.experiments.updateExperiment(input.experiment, (present) =>
      present.status === 'pending' || present.status === 'running'
        ? { ...present, status: input.status, reason: input.reason, endedAt: input.at }
        : undefined,
    );
    const { currentRound } = experiment;
    if (currentRound !== null) {
      await services.experiments.advanceRound(
        { experiment: input.experiment, ...currentRound },
        ['collecting', 'draining', 'closing', 'closed'],
        {
          phase: experiment.status === 'cancelled' ? 'cancelled' : 'failed',
          endedAt: input.at,
          failure: input.reason,
        },
      );
    }
    if (experiment.status === 'failed') warn(failureLine(experiment));
    await services.catalog.putExperiment(catalogEntryOf(experiment));
    await tellSilos(experiment, services);
    return { status: experiment.status };
  },
);

async function tellSilos(experiment: ExperimentDocument, services: Services): Promise<void> {
  const { status, pointer, experimentId } = experiment;
  if (status === 'pending' || status === 'running') return;
  const body = await signOutcome(
    {
      result: 'ended',
      experiment: experimentId,
      status,
      model: pointer === null ? null : { version: pointer.version, sha256: pointer.sha256 },
    },
    services.keys,
  );
  await inBatches(experiment.spec.silos, 16, (silo) =>
    services.mailbox.send(silo, { messageId: `${experimentId}#ended`, body, timeToLiveMs: week }),
  );
}
