import * as z from 'zod';
import { updateEncoding } from './encoding.ts';
import { instant, sha256Hex, siloId } from './identifiers.ts';
import { strategySpec } from './strategy-spec.ts';

export type { StrategySpec } from './strategy-spec.ts';

/** Names of metrics that silos report. */
export const metricName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a metric name: 1 to 64 of A-Z a-z 0-9 _ . -');

export const stopRule = z
  .strictObject({
    metric: metricName.describe('The metric to watch: the example-weighted mean over silos.'),
    mode: z.enum(['max', 'min']).describe('Whether more is better or less is.'),
    target: z.number().optional().describe('Stop once a version reaches this value.'),
    patience: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('Stop after so many scored versions without improvement.'),
    minDelta: z.number().min(0).default(0).describe('What counts as an improvement.'),
  })
  .refine((rule) => rule.target !== undefined || rule.patience !== undefined, {
    message: 'a stop rule needs `target`, `patience` or both',
  });
export type StopRule = z.infer<typeof stopRule>;

export const cohortRule = z.union([
  z.strictObject({ fraction: z.number().gt(0).max(1) }),
  z.strictObject({ size: z.int().min(1).max(5_000) }),
]);
export type CohortRule = z.infer<typeof cohortRule>;

export const roundPolicy = z.strictObject({
  quorum: z
    .int()
    .min(1)
    .max(5_000)
    .optional()
    .describe('Least updates that close a round. Default: the whole cohort.'),
  cohort: cohortRule.default({ fraction: 1 }).describe('How many silos are asked each round.'),
  deadlineSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .default(3_600)
    .describe('From the opening of a round.'),
  graceSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(30)
    .describe('After quorum, how long to wait for the others.'),
  drainSeconds: z
    .int()
    .min(1)
    .max(3_600)
    .default(120)
    .describe('How long admissions under way may take at the close.'),
  maxAttempts: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('Attempts at one round before the experiment fails.'),
  backoffSeconds: z.int().min(0).max(86_400).default(10).describe('Pause before another attempt.'),
  endBy: instant.optional().describe('No round runs past this moment (RFC 3339, UTC).'),
});
export type RoundPolicy = z.infer<typeof roundPolicy>;

export const initialModel = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('upload'), sha256: sha256Hex.describe('Of a model uploaded before.') }),
  z.strictObject({
    kind: z.literal('init'),
    silo: siloId.describe('The silo whose training code makes version 0.'),
  }),
]);

/**
 * A blob written in 4 MiB blocks has 50,000 of them, 195 GiB, and an optimiser's state of a half-precision model is
 * twice the model. One admission reads this much within the host's 30 minutes at 38 MB/s.
 */
const MAX_UPDATE_BYTES = 64 * 2 ** 30;

const configValue = z.union([z.string().max(4_096), z.number(), z.boolean(), z.null()]);

export const experimentSpec = z.strictObject({
  name: z.string().trim().min(1).max(100),
  silos: z.array(siloId).min(1).max(5_000),
  rounds: z.int().min(1).max(10_000).describe('The most rounds; the stop rule may end it sooner.'),
  stop: stopRule.optional(),
  strategy: strategySpec.prefault({ kind: 'fedavg' }),
  roundPolicy: roundPolicy.prefault({}),
  initialModel,
  training: z
    .strictObject({
      config: z
        .record(z.string().min(1).max(64), configValue)
        .default({})
        .describe('Handed to training code as is.'),
      maxUpdateBytes: z
        .int()
        .min(1_024)
        .max(MAX_UPDATE_BYTES)
        .default(256 * 2 ** 20)
        .describe('Largest update, and so the largest model. Bytes.'),
      normCap: z.number().positive().optional().describe('Largest L2 norm of an update that is admitted.'),
      weightCap: z
        .int()
        .min(1)
        .max(2 ** 29 - 1)
        .default(2 ** 29 - 1)
        .describe('Largest weight of one update.'),
      encoding: updateEncoding.optional().describe('How updates travel, where not as they are.'),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      metrics: z
        .array(metricName)
        .max(64)
        .default([])
        .describe('Metrics kept; empty keeps all that silos report.'),
      finalRound: z.boolean().default(true).describe('Score the last version in a round of its own.'),
    })
    .prefault({}),
  privacy: z.strictObject({ tier: z.enum(['sealed']) }).default({ tier: 'sealed' }),
  seed: z
    .int()
    .min(0)
    .max(2 ** 48)
    .default(0),
});
export type ExperimentSpec = z.infer<typeof experimentSpec>;
