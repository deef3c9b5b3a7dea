import type * as z from 'zod';
import { compare } from '../shared/domain/cohort.ts';
import { weightedMetrics } from '../shared/domain/metrics.ts';
import { type BestSoFar, observe } from '../shared/domain/stop-rule.ts';
import type { Services } from '../shared/ports/services.ts';
import { recordMetrics } from './descriptors.ts';
import { implement } from './run-activity.ts';

type Input = z.infer<typeof recordMetrics.input>;
type Output = z.infer<typeof recordMetrics.output>;

/**
 * Silos score the model that they received, so a round's reports are about its base. One document per version: the
 * first stays, and the best version is computed anew from all of them, so that a repeated run changes nothing.
 */
export const recordMetricsActivity = implement(
  recordMetrics,
  async (input: Input, services: Services): Promise<Output> => {
    const [round, experiment] = await Promise.all([
      services.experiments.readRound(input),
      services.experiments.readExperiment(input.experiment),
    ]);
    if (round === undefined || experiment === undefined)
      throw new Error('the round or its experiment has no document');
    if (round.base === null) return { version: null, metrics: {} };

    const reports = (await services.experiments.listParticipations(input, 'admitted'))
      .sort((a, b) => compare(a.silo, b.silo))
      .map(({ silo, metrics, numExamples }) => ({
        silo,
        metrics: metrics ?? {},
        numExamples: numExamples ?? 0,
      }));
    await services.metrics.record({
      id: `metrics.${round.base.version}`,
      experimentId: input.experiment,
      version: round.base.version,
      round: input.round,
      attempt: input.attempt,
      metrics: weightedMetrics(reports, experiment.spec.evaluation.metrics),
      numExamples: reports.reduce((sum, report) => sum + report.numExamples, 0),
      silos: Object.fromEntries(
        reports.map(({ silo, metrics, numExamples }) => [silo, { metrics, numExamples }]),
      ),
      recordedAt: input.at,
    });

    const scored = await services.metrics.list(input.experiment);
    const rule = experiment.spec.stop;
    if (rule !== undefined) {
      const seen = scored.reduce<BestSoFar>(
        (best, { version, metrics }) => observe(rule, best, version, metrics[rule.metric]),
        { best: null, sinceBest: 0 },
      );
      await services.experiments.updateExperiment(input.experiment, (present) => ({ ...present, ...seen }));
    }
    const metrics = scored.find(({ version }) => version === round.base?.version)?.metrics ?? {};
    return { version: round.base.version, metrics };
  },
);
