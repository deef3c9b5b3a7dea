/**
 * Documents of the `experiments` container. All documents of one experiment share its logical partition, so one
 * transactional batch moves a participation and its round's counters together.
 */
import * as z from 'zod';
import {
  attemptNumber,
  experimentId,
  instant,
  modelVersion,
  roundNumber,
  sha256Hex,
  siloId,
} from './identifiers.ts';
import { baseModel, taskKind } from './plan.ts';
import { experimentSpec, metricName } from './spec.ts';

/** A blob by container path and digest: what history, queues and documents carry instead of bytes. */
export const blobReference = z.strictObject({ path: z.string(), sha256: sha256Hex, bytes: z.int().min(0) });
export type BlobReference = z.infer<typeof blobReference>;

/** Means over silos: rounding may carry them past the bounds of a single report, so none is set here. */
export const recordedMetrics = z.record(metricName, z.number());

/** What a strategy carries from version to version: numbers, and tensors of the model's coordinates in float32. */
export const strategyState = z.strictObject({
  scalars: z.record(z.string(), z.number()),
  tensors: z.strictObject({ m: z.exactOptional(blobReference), v: z.exactOptional(blobReference) }),
});
export type StrategyState = z.infer<typeof strategyState>;

export const modelPointer = z.object({
  version: modelVersion,
  sha256: sha256Hex,
  bytes: z.int().min(1),
  path: z.string(),
  /** Digest of ordered names, dtypes and shapes. */
  schema: sha256Hex,
  /** Absent where the strategy keeps none. */
  state: z.exactOptional(strategyState),
});
export type ModelPointer = z.infer<typeof modelPointer>;

export const experimentStatus = z.enum(['pending', 'running', 'completed', 'failed', 'cancelled']);
export type ExperimentStatus = z.infer<typeof experimentStatus>;

export const experimentDocument = z.object({
  id: z.literal('experiment'),
  kind: z.literal('experiment'),
  experimentId,
  status: experimentStatus,
  spec: experimentSpec,
  specDigest: sha256Hex,
  /** What an operator asked for. `cancel` is sticky. */
  requested: z.enum(['cancel', 'suspend']).nullable(),
  currentRound: z.object({ round: roundNumber, attempt: attemptNumber, task: taskKind }).nullable(),
  pointer: modelPointer.nullable(),
  /** The best scored version by the stop rule's metric. */
  best: z.object({ version: modelVersion, value: z.number() }).nullable(),
  /** Scored versions since the best one. */
  sinceBest: z.int().min(0),
  createdAt: instant,
  createdBy: z.string(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  /** Why it ended as it did; for `completed`, why it stopped when it did. */
  reason: z.object({ slug: z.string(), detail: z.string() }).nullable(),
});
export type ExperimentDocument = z.infer<typeof experimentDocument>;

export const roundPhase = z.enum([
  'collecting',
  'draining',
  'closing',
  'closed',
  'aggregated',
  'failed',
  'cancelled',
]);
export type RoundPhase = z.infer<typeof roundPhase>;

/** How many participations ever reached each state; `submitted` counts those that later moved on, too. */
export const roundCounters = z.object({
  submitted: z.int().min(0),
  admitted: z.int().min(0),
  refused: z.int().min(0),
  late: z.int().min(0),
  declined: z.int().min(0),
  failed: z.int().min(0),
  unreachable: z.int().min(0),
});
export type RoundCounters = z.infer<typeof roundCounters>;

/** `measure` comes first where a strategy compares updates before it decides. */
export const aggregationProgress = z.strictObject({
  pass: z.enum(['measure', 'fold']),
  doneBytes: z.int().min(0),
  /** Of the model. */
  bytes: z.int().min(1),
  at: instant,
});
export type AggregationProgress = z.infer<typeof aggregationProgress>;

export const roundDocument = z.object({
  id: z.string(),
  kind: z.literal('round'),
  experimentId,
  round: roundNumber,
  attempt: attemptNumber,
  task: taskKind,
  phase: roundPhase,
  planDigest: sha256Hex,
  plan: blobReference,
  cohort: blobReference,
  cohortSize: z.int().min(1),
  quorum: z.int().min(1),
  base: baseModel.nullable(),
  deadline: instant,
  counters: roundCounters,
  openedAt: instant,
  closedAt: instant.nullable(),
  endedAt: instant.nullable(),
  /** The frozen set: which updates count, pinned. */
  frozen: z.object({ set: blobReference, count: z.int().min(0) }).nullable(),
  model: modelPointer.nullable(),
  /** How each update of the frozen set compares with the result; absent before aggregation. */
  evidence: z.exactOptional(blobReference),
  /** How far the making of a model in several shards is; absent before, and for smaller models. */
  aggregation: z.exactOptional(aggregationProgress),
  failure: z.object({ slug: z.string(), detail: z.string() }).nullable(),
});
export type RoundDocument = z.infer<typeof roundDocument>;

export const participationState = z.enum(['submitted', 'admitted', 'refused', 'late', 'declined', 'failed']);
export type ParticipationState = z.infer<typeof participationState>;

/** Which bytes were admitted: the blob as it was read, by version and digest. */
export const updatePin = z.object({
  path: z.string(),
  etag: z.string(),
  versionId: z.string().optional(),
  sha256: sha256Hex,
  bytes: z.int().min(1),
});
export type UpdatePin = z.infer<typeof updatePin>;

export const admissionEvidence = z.object({
  norm: z.number(),
  maxAbs: z.number(),
  share: z.number().optional(),
});
export type AdmissionEvidence = z.infer<typeof admissionEvidence>;

export const participationDocument = z.object({
  id: z.string(),
  kind: z.literal('participation'),
  experimentId,
  round: roundNumber,
  attempt: attemptNumber,
  silo: siloId,
  state: participationState,
  /** Digest of the manifest or of the reply's body; null for a silo that could not be reached. */
  replyDigest: sha256Hex.nullable(),
  manifest: blobReference.nullable(),
  weight: z.int().nullable(),
  numExamples: z.int().nullable(),
  metrics: recordedMetrics.nullable(),
  pin: updatePin.nullable(),
  evidence: admissionEvidence.nullable(),
  reason: z.object({ slug: z.string(), detail: z.string() }).nullable(),
  submittedAt: instant,
  decidedAt: instant.nullable(),
});
export type ParticipationDocument = z.infer<typeof participationDocument>;

export const versionDocument = z.object({
  id: z.string(),
  kind: z.literal('version'),
  experimentId,
  version: modelVersion,
  parent: modelVersion.nullable(),
  round: roundNumber,
  attempt: attemptNumber,
  model: modelPointer,
  frozenSet: sha256Hex.nullable(),
  strategy: z.string(),
  sumMode: z.string(),
  silos: z.int().min(0),
  createdAt: instant,
});
export type VersionDocument = z.infer<typeof versionDocument>;

/** Container `metrics`: how good one version is, by the silos that scored it. Exactly one per version. */
export const metricsDocument = z.object({
  id: z.string(),
  experimentId,
  version: modelVersion,
  /** The round whose silos scored the version they received. */
  round: roundNumber,
  attempt: attemptNumber,
  /** Example-weighted means over silos. */
  metrics: recordedMetrics,
  numExamples: z.int().min(0),
  silos: z.record(siloId, z.object({ metrics: recordedMetrics, numExamples: z.int() })),
  recordedAt: instant,
});
export type MetricsDocument = z.infer<typeof metricsDocument>;

/** A row of the frozen set, sorted by silo: all that aggregation may read. */
export const frozenUpdate = z.strictObject({
  silo: siloId,
  weight: z.int().min(1),
  /** As admission measured it, and as the signed manifest says: what strategies decide by. */
  norm: z.number().min(0),
  metrics: recordedMetrics,
  /** Rounds between the update's base and this round's. */
  staleness: z.int().min(0),
  manifest: blobReference,
  pin: updatePin.strict(),
});
export type FrozenUpdate = z.infer<typeof frozenUpdate>;

export const frozenSet = z.strictObject({
  experiment: experimentId,
  round: roundNumber,
  attempt: attemptNumber,
  plan: sha256Hex,
  base: baseModel.nullable(),
  /** The strategy's state beside the base. */
  state: strategyState.nullable(),
  strategy: z.string(),
  sumMode: z.string(),
  updates: z.array(frozenUpdate),
});
export type FrozenSet = z.infer<typeof frozenSet>;

/** Container `catalog`, scope `experiments`: one summary per experiment, for lists. */
export const catalogEntry = z.object({
  id: experimentId,
  scope: z.literal('experiments'),
  name: z.string(),
  status: experimentStatus,
  createdAt: instant,
  createdBy: z.string(),
  endedAt: instant.nullable(),
  silos: z.int(),
  rounds: z.int(),
});
export type CatalogEntry = z.infer<typeof catalogEntry>;

/** Container `catalog`, scope `idempotency`: which experiment an `Idempotency-Key` made. */
export const idempotencyRecord = z.object({
  id: sha256Hex,
  scope: z.literal('idempotency'),
  experimentId,
  bodyDigest: sha256Hex,
  createdAt: instant,
});
export type IdempotencyRecord = z.infer<typeof idempotencyRecord>;

/** Container `audit`: who did what, and every refusal. `experimentId` is `unknown` where a message names none. */
export const auditEntry = z.object({
  id: z.string(),
  experimentId: z.string(),
  at: instant,
  actor: z.string(),
  action: z.string(),
  outcome: z.enum(['done', 'refused']),
  slug: z.string().nullable(),
  detail: z.string(),
  participation: z.string().nullable(),
  messageDigest: sha256Hex.nullable(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export function roundDocumentId(key: { round: number; attempt: number }): string {
  return `round.${key.round}.${key.attempt}`;
}
export function participationDocumentId(key: { round: number; attempt: number; silo: string }): string {
  return `part.${key.round}.${key.attempt}.${key.silo}`;
}
export function versionDocumentId(version: number): string {
  return `version.${version}`;
}
