import * as z from 'zod';

/** `exp-` and a lower-case ULID. */
export const experimentId = z
  .string()
  .regex(/^exp-[0-9a-hjkmnp-tv-z]{26}$/, 'an experiment id: exp- and 26 characters');

/** Valid as part of a queue name and of a container name. */
export const siloId = z
  .string()
  .max(40)
  .regex(/^[a-z0-9](-?[a-z0-9]){0,39}$/, 'a silo id: lower-case letters, digits and single dashes');

export const roundNumber = z.int().min(0).max(1_000_000);
export const attemptNumber = z.int().min(1).max(1_000);
export const modelVersion = z.int().min(0).max(1_000_000);

/** SHA-256, lower-case hex. */
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest: 64 lower-case hex digits');

/** Base64url without padding. */
export const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/, 'base64url without padding');

/** RFC 7638 SHA-256 thumbprint of a public key, base64url. */
export const thumbprint = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'an RFC 7638 thumbprint: 43 base64url characters');

/** A raw `r||s` ES256 signature, base64url: exactly 64 bytes. */
export const es256Signature = z
  .string()
  .regex(/^[A-Za-z0-9_-]{86}$/, 'an ES256 signature: 86 base64url characters');

/** RFC 3339 in UTC. */
export const instant = z.iso.datetime();

export type ExperimentId = z.infer<typeof experimentId>;
export type SiloId = z.infer<typeof siloId>;

/** One attempt of one round of one experiment. */
export const attemptKey = z.strictObject({
  experiment: experimentId,
  round: roundNumber,
  attempt: attemptNumber,
});
export type AttemptKey = z.infer<typeof attemptKey>;

export const participationKey = z.strictObject({ ...attemptKey.shape, silo: siloId });
export type ParticipationKey = z.infer<typeof participationKey>;

/** `{experiment}.{round}.{attempt}.{silo}`: the idempotency key of all a silo does in an attempt. */
export function participationId(key: ParticipationKey): string {
  return `${key.experiment}.${key.round}.${key.attempt}.${key.silo}`;
}

export function parseParticipationId(text: string): ParticipationKey | undefined {
  const [experiment, round, attempt, silo, ...rest] = text.split('.');
  if (rest.length > 0 || !/^\d+$/.test(round ?? '') || !/^\d+$/.test(attempt ?? '')) return undefined;
  const parsed = participationKey.safeParse({
    experiment,
    round: Number(round),
    attempt: Number(attempt),
    silo,
  });
  return parsed.success ? parsed.data : undefined;
}

/** The orchestration instance that runs one attempt of one round. */
export function roundInstanceId(key: AttemptKey): string {
  return `${key.experiment}:r${key.round}:a${key.attempt}`;
}
