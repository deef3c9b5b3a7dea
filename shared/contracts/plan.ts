import * as z from 'zod';
import { updateEncoding } from './encoding.ts';
import {
  attemptNumber,
  base64url,
  es256Signature,
  experimentId,
  instant,
  modelVersion,
  roundNumber,
  sha256Hex,
} from './identifiers.ts';
import { signingJwk } from './keys.ts';

export const taskKind = z.enum(['train', 'evaluate', 'init']);
export type TaskKind = z.infer<typeof taskKind>;

/** The global model that a task starts from. */
export const baseModel = z.strictObject({ version: modelVersion, sha256: sha256Hex, bytes: z.int().min(1) });
export type BaseModel = z.infer<typeof baseModel>;

/** How updates are encoded, and what then is their schema's digest and their plaintext's length. */
const planEncoding = z.strictObject({ as: updateEncoding, schema: sha256Hex, bytes: z.int().min(1) });
export type PlanEncoding = z.infer<typeof planEncoding>;

/**
 * What one attempt asks of every silo in its cohort: one body and one signature per attempt, stored before the
 * first send. The seed does not depend on the attempt, so an update trained for attempt 1 serves attempt 2.
 */
export const plan = z.strictObject({
  kind: taskKind,
  experiment: experimentId,
  experimentName: z.string(),
  round: roundNumber,
  totalRounds: z.int().min(1),
  attempt: attemptNumber,
  nonce: base64url.length(22),
  rosterDigest: sha256Hex,
  cohortDigest: sha256Hex,
  cohortSize: z.int().min(1),
  base: baseModel.nullable(),
  /** Digest of the base's ordered names, dtypes and shapes; null where no base exists. */
  schema: sha256Hex.nullable(),
  /** Absent where updates travel as they are. */
  encoding: planEncoding.optional(),
  deadline: instant,
  task: z.strictObject({
    config: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    seed: z.int(),
    metrics: z.array(z.string()),
  }),
  limits: z.strictObject({
    maxUpdateBytes: z.int(),
    weightCap: z.int(),
    normCap: z.number().optional(),
  }),
  policy: z.strictObject({ tier: z.enum(['sealed']) }),
  traceparent: z.string().max(64).optional(),
});
export type Plan = z.infer<typeof plan>;

/** A plan on its way to a silo. `key` is the coordinator's public key, which the silo compares with its pin. */
export const signedPlan = z.strictObject({
  kind: z.literal('plan'),
  plan,
  key: signingJwk,
  sig: es256Signature,
});
export type SignedPlan = z.infer<typeof signedPlan>;
