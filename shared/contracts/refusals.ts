/** Every refusal has one of these slugs and a page docs/problems/{slug}.md. The first that applies is given. */
export const specificationSlugs = [
  'spec-invalid',
  'spec-unknown-field',
  'silo-unknown',
  'quorum-impossible',
  'deadline-past',
  'idempotency-conflict',
  'privacy-tier-incompatible',
] as const;

export const updateSlugs = [
  'manifest-too-large',
  'manifest-invalid',
  'foreign-silo',
  'key-unknown',
  'key-revoked',
  'context-experiment',
  'context-round',
  'context-attempt',
  'context-silo',
  'context-plan',
  'context-base',
  'context-schema',
  'length-formula',
  'signature-invalid',
  'blob-missing',
  'blob-length',
  'blob-hash',
  'unwrap-denied',
  'header-tag',
  'segment-tag',
  'tensor-header',
  'tensor-schema',
  'tensor-encoding',
  'not-finite',
  'norm-cap',
  'weight-cap',
  'late',
  'duplicate-conflict',
] as const;

export const siloSlugs = [
  'plan-signature',
  'plan-expired',
  'roster-mismatch',
  'base-hash',
  'trainer-exit',
  'trainer-timeout',
  'trainer-output',
  'policy-declined',
] as const;

export const roundSlugs = [
  'quorum-missed',
  'quorum-unreachable',
  'round-error',
  'strategy-precondition',
  'attempts-exhausted',
] as const;

export const operationSlugs = [
  'not-allowed',
  'not-found',
  'wrong-state',
  'body-too-large',
  'internal',
] as const;

export type SpecificationSlug = (typeof specificationSlugs)[number];
export type UpdateSlug = (typeof updateSlugs)[number];
export type SiloSlug = (typeof siloSlugs)[number];
export type RoundSlug = (typeof roundSlugs)[number];
export type OperationSlug = (typeof operationSlugs)[number];
export type Slug = SpecificationSlug | UpdateSlug | SiloSlug | RoundSlug | OperationSlug;

export const allSlugs: readonly Slug[] = [
  ...specificationSlugs,
  ...updateSlugs,
  ...siloSlugs,
  ...roundSlugs,
  ...operationSlugs,
];

/** A refusal is data: the caller decides what follows from it. */
export interface Refusal<S extends Slug = Slug> {
  readonly ok: false;
  readonly slug: S;
  /** What happened and what to do, in one or two sentences, without any secret. */
  readonly detail: string;
}

export function refuse<S extends Slug>(slug: S, detail: string): Refusal<S> {
  return { ok: false, slug, detail };
}
