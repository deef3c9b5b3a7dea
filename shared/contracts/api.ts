/** What the HTTP API answers. Requests are the schemas of spec.ts and silo.ts. */
import * as z from 'zod';
import {
  aggregationProgress,
  experimentStatus,
  modelPointer,
  participationState,
  recordedMetrics,
  roundCounters,
  roundPhase,
} from './documents.ts';
import {
  attemptNumber,
  experimentId,
  instant,
  modelVersion,
  roundNumber,
  sha256Hex,
  siloId,
} from './identifiers.ts';
import { taskKind } from './plan.ts';
import { updateEvidence } from './round-evidence.ts';
import { experimentSpec } from './spec.ts';

/** A model as everybody may see it: where its blobs lie is nobody's business. */
const publicModel = modelPointer.omit({ path: true, state: true });

const reason = z.object({ slug: z.string(), detail: z.string() });

/** Where an experiment stands still and what moves it on. */
export const waiting = z.object({ for: z.string(), until: instant.nullable() });

export const siloProgress = z.object({
  silo: siloId,
  /** `invited` and `lost` are derived: there is no document for a silo that has not answered. */
  state: z.enum([...participationState.options, 'invited', 'lost']),
  numExamples: z.int().nullable(),
  metrics: recordedMetrics.nullable(),
  reason: reason.nullable(),
  submittedAt: instant.nullable(),
  decidedAt: instant.nullable(),
  evidence: z.object({ norm: z.number(), maxAbs: z.number() }).nullable(),
  /** The last sign of life in this attempt; advisory. */
  stage: z.string().nullable(),
});
export type SiloProgress = z.infer<typeof siloProgress>;

export const roundView = z.object({
  round: roundNumber,
  attempt: attemptNumber,
  task: taskKind,
  phase: roundPhase,
  openedAt: instant,
  deadline: instant,
  closedAt: instant.nullable(),
  endedAt: instant.nullable(),
  quorum: z.int(),
  cohortSize: z.int(),
  counters: roundCounters,
  model: publicModel.nullable(),
  frozenSet: sha256Hex.nullable(),
  failure: reason.nullable(),
  /** Where a model is made in several shards: how far. */
  aggregation: z.exactOptional(aggregationProgress),
  silos: z.array(siloProgress),
  /** How each update entered the new model; empty until there is one. A late update of an earlier round has a row, too. */
  evidence: z.array(updateEvidence),
});
export type RoundView = z.infer<typeof roundView>;

export const metricsView = z.object({
  version: modelVersion,
  round: roundNumber,
  metrics: recordedMetrics,
  numExamples: z.int(),
});
export type MetricsView = z.infer<typeof metricsView>;

export const experimentView = z.object({
  experiment: experimentId,
  name: z.string(),
  status: experimentStatus,
  requested: z.enum(['cancel', 'suspend']).nullable(),
  round: roundNumber,
  rounds: z.int(),
  createdAt: instant,
  createdBy: z.string(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  reason: reason.nullable(),
  waiting: waiting.nullable(),
  current: roundView.nullable(),
  model: publicModel.nullable(),
  best: z.object({ version: modelVersion, value: z.number() }).nullable(),
  metrics: z.array(metricsView),
  spec: experimentSpec,
});
export type ExperimentView = z.infer<typeof experimentView>;

export const experimentSummary = z.object({
  experiment: experimentId,
  name: z.string(),
  status: experimentStatus,
  createdAt: instant,
  endedAt: instant.nullable(),
  silos: z.int(),
  rounds: z.int(),
});
export const experimentList = z.object({
  experiments: z.array(experimentSummary),
  next: z.string().nullable(),
});
export type ExperimentList = z.infer<typeof experimentList>;

export const experimentCreated = z.object({ experiment: experimentId, created: z.boolean() });
export type ExperimentCreated = z.infer<typeof experimentCreated>;

export const modelView = z.object({
  version: modelVersion,
  parent: modelVersion.nullable(),
  round: roundNumber,
  attempt: attemptNumber,
  sha256: sha256Hex,
  bytes: z.int(),
  schema: sha256Hex,
  strategy: z.string(),
  sumMode: z.string(),
  frozenSet: sha256Hex.nullable(),
  silos: z.int(),
  createdAt: instant,
  metrics: recordedMetrics.nullable(),
});
export type ModelView = z.infer<typeof modelView>;
export const modelList = z.object({ models: z.array(modelView) });

export const modelLink = z.object({
  url: z.url(),
  sha256: sha256Hex,
  bytes: z.int(),
  /** Until the round's deadline by the coordinator's clock; a silo counts down from it on its own monotonic clock. */
  secondsLeft: z.number(),
});
export type ModelLink = z.infer<typeof modelLink>;

export const siloView = z.object({
  silo: siloId,
  displayName: z.string(),
  status: z.enum(['pending', 'active', 'disabled']),
  version: z.int(),
  kek: z.object({ kid: z.string(), jkt: z.string() }),
  sig: z.object({ kid: z.string(), jkt: z.string() }),
  /** Thumbprints of keys that count for nothing any more. */
  revoked: z.array(z.string()),
  registeredAt: instant,
  admittedAt: instant.nullable(),
  contact: z.string().nullable(),
});
export type SiloView = z.infer<typeof siloView>;
export const siloList = z.object({ silos: z.array(siloView) });

export const health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  planSigningThumbprint: z.string().nullable(),
  checks: z.record(z.string(), z.enum(['ok', 'unreachable'])),
});
export type Health = z.infer<typeof health>;

export const requestAccepted = z.object({
  experiment: experimentId,
  requested: z.enum(['cancel', 'suspend']).nullable(),
});

export const uploadedModel = z.object({ sha256: sha256Hex, bytes: z.int(), schema: sha256Hex });
