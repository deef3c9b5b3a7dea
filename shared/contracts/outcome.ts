import * as z from 'zod';
import { es256Signature, experimentId, modelVersion, sha256Hex } from './identifiers.ts';
import { signingJwk } from './keys.ts';

/** What became of a silo's reply, or of the whole experiment. Signed under `tributary/outcome/1`. */
export const outcomeBody = z.discriminatedUnion('result', [
  z.strictObject({
    result: z.enum(['admitted', 'late']),
    participation: z.string(),
    plan: sha256Hex,
    manifestDigest: sha256Hex,
  }),
  z.strictObject({
    result: z.literal('refused'),
    participation: z.string(),
    plan: sha256Hex,
    manifestDigest: sha256Hex,
    slug: z.string(),
    detail: z.string(),
  }),
  z.strictObject({
    result: z.literal('ended'),
    experiment: experimentId,
    status: z.enum(['completed', 'failed', 'cancelled']),
    model: z.strictObject({ version: modelVersion, sha256: sha256Hex }).nullable(),
  }),
]);
export type OutcomeBody = z.infer<typeof outcomeBody>;

export const signedOutcome = z.strictObject({
  kind: z.literal('outcome'),
  body: outcomeBody,
  key: signingJwk,
  sig: es256Signature,
});
export type SignedOutcome = z.infer<typeof signedOutcome>;
