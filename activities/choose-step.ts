import type * as z from 'zod';
import type { ExperimentDocument } from '../shared/contracts/documents.ts';
import { nextStep } from '../shared/domain/next-step.ts';
import type { Services } from '../shared/ports/services.ts';
import { adoptUploadedModel } from './adopt-uploaded-model.ts';
import { catalogEntryOf } from './catalog-entry.ts';
import { chooseStep } from './descriptors.ts';
import { implement } from './run-activity.ts';

type Input = z.infer<typeof chooseStep.input>;
type Output = z.infer<typeof chooseStep.output>;

/** `pending -> running`, version 0 from an upload where the spec names one, then the next step by the ledger alone. */
export const chooseStepActivity = implement(
  chooseStep,
  async (input: Input, services: Services): Promise<Output> => {
    const started = await begin(input, services);
    const experiment = await adoptUploadedModel(started, input.at, services);
    const { pointer, spec } = experiment;
    const scored = pointer === null ? [] : await services.metrics.list(input.experiment);
    const { maxAttempts, backoffSeconds, endBy } = spec.roundPolicy;
    const step = nextStep(experiment, input, {
      pointerIsScored: scored.some((metrics) => metrics.version === pointer?.version),
      evaluationFailed:
        pointer !== null && input.round === pointer.version + 1 && input.attempt > maxAttempts,
      pastEnd: endBy !== undefined && Date.parse(input.at) >= Date.parse(endBy),
    });
    return step.kind === 'round' ? { ...step, maxAttempts, backoffSeconds } : step;
  },
);

async function begin(input: Input, services: Services): Promise<ExperimentDocument> {
  const experiment = await services.experiments.updateExperiment(input.experiment, (present) =>
    present.status === 'pending' ? { ...present, status: 'running', startedAt: input.at } : undefined,
  );
  if (experiment.startedAt === input.at) await services.catalog.putExperiment(catalogEntryOf(experiment));
  return experiment;
}
