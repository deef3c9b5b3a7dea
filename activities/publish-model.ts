import type * as z from 'zod';
import { versionDocumentId } from '../shared/contracts/documents.ts';
import { paths } from '../shared/domain/resources.ts';
import { sumModeOf } from '../shared/domain/strategies/sum-mode.ts';
import type { Services } from '../shared/ports/services.ts';
import { publishModel } from './descriptors.ts';
import { implement } from './run-activity.ts';

type Input = z.infer<typeof publishModel.input>;
type Output = z.infer<typeof publishModel.output>;

/** The version exists, the round is aggregated and the pointer moved, all at once or not at all. */
export const publishModelActivity = implement(
  publishModel,
  async (input: Input, services: Services): Promise<Output> => {
    const { model } = input;
    const experiment = await services.experiments.readExperiment(input.experiment);
    if (experiment === undefined) throw new Error(`there is no experiment ${input.experiment}`);
    const { strategy } = experiment.spec;
    // Version 0 is a silo's model as it came: nothing was summed.
    const made =
      model.version === 0
        ? { strategy: 'init', sumMode: 'none' }
        : { strategy: strategy.kind, sumMode: sumModeOf(strategy) };
    const evidence = await services.archive.find(
      paths.evidence(input.experiment, input.round, input.attempt),
    );
    const result = await services.experiments.publishVersion({
      round: { experiment: input.experiment, round: input.round, attempt: input.attempt },
      pointer: model,
      ...(evidence === undefined ? {} : { evidence: evidence.reference }),
      document: {
        id: versionDocumentId(model.version),
        kind: 'version',
        experimentId: input.experiment,
        version: model.version,
        parent: model.version === 0 ? null : model.version - 1,
        round: input.round,
        attempt: input.attempt,
        model,
        frozenSet: input.set,
        ...made,
        silos: input.silos,
        createdAt: input.at,
      },
    });
    if (result === 'conflict') {
      throw new Error(
        `version ${model.version} of ${input.experiment} exists with another digest, or its parent is not current`,
      );
    }
    return { result: result === 'cancelled' ? 'cancelled' : 'published' };
  },
);
