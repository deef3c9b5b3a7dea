import * as z from 'zod';
import { es256Signature, instant, siloId, thumbprint } from './identifiers.ts';
import { signingKey, wrappingKey } from './keys.ts';

/** What a silo says of itself, signed by its own `sig` key under `tributary/roster/1`. */
export const registrationBody = z.strictObject({
  silo: siloId,
  displayName: z.string().trim().min(1).max(100),
  contact: z.string().max(200).optional(),
  /** Tenant and object id of the identity that the agent runs as. */
  tenantId: z.uuid(),
  objectId: z.uuid(),
  kek: wrappingKey,
  sig: signingKey,
  issuedAt: instant,
});
export type RegistrationBody = z.infer<typeof registrationBody>;

/** `previousSig` is the old signing key's signature over the same body: how a silo changes its keys by itself. */
export const registration = z.strictObject({
  body: registrationBody,
  sig: es256Signature,
  previousSig: es256Signature.optional(),
});
export type Registration = z.infer<typeof registration>;

/** The roster's entry for one silo. */
export const rosterEntry = z.object({
  silo: siloId,
  status: z.enum(['pending', 'active', 'disabled']),
  version: z.int().min(1),
  displayName: z.string(),
  contact: z.string().optional(),
  tenantId: z.uuid(),
  objectId: z.uuid(),
  kek: wrappingKey,
  sig: signingKey,
  /** Keys that earlier plans may still name, newest first. */
  formerKeys: z.array(z.object({ kek: wrappingKey, sig: signingKey, until: instant })).default([]),
  /** Thumbprints of keys that count for nothing any more. */
  revoked: z.array(thumbprint).default([]),
  registeredAt: instant,
  admittedAt: instant.optional(),
});
export type RosterEntry = z.infer<typeof rosterEntry>;
