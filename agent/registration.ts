import * as z from 'zod';
import { type Registration, type RegistrationBody, registration } from '../shared/contracts/silo.ts';
import { type SignDigest, signBody, verifySignature } from '../shared/sealing/signature.ts';
import type { SiloConfig } from './config.ts';
import type { SiloKeys } from './ports.ts';

/**
 * The silo's self-description, signed by its own `sig` key, for an operator to admit.
 *
 * @param options.accessToken a token of the identity that the agent runs as, for the coordinator; read for tenant
 *   and object id only.
 * @param options.previousSign signs with the silo's former `sig` key, when keys change.
 */
export async function registrationOf(
  config: SiloConfig,
  options: { keys: SiloKeys; accessToken: string; now: number; previousSign?: SignDigest },
): Promise<Registration> {
  const { keys, now, previousSign } = options;
  const [kek, sig] = [await keys.kek(), await keys.sig()];
  const body: RegistrationBody = {
    silo: config.silo,
    displayName: config.displayName ?? config.silo,
    ...(config.contact === undefined ? {} : { contact: config.contact }),
    ...identityOf(options.accessToken),
    kek,
    sig,
    issuedAt: new Date(now).toISOString(),
  };
  const signature = await signBody('tributary/roster/1', body, keys.sign);
  if (!verifySignature('tributary/roster/1', body, signature, sig.jwk)) {
    throw new Error("the vault's signature does not fit the silo's public key");
  }
  const previous = previousSign && (await signBody('tributary/roster/1', body, previousSign));
  return registration.parse({ body, sig: signature, ...(previous && { previousSig: previous }) });
}

const claims = z.object({ tid: z.uuid(), oid: z.uuid() });

/** Tenant and object id from an access token's claims. The coordinator compares them with a token it verifies. */
export function identityOf(accessToken: string): { tenantId: string; objectId: string } {
  const [, payload = ''] = accessToken.split('.');
  try {
    const { tid, oid } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    return { tenantId: tid, objectId: oid };
  } catch {
    throw new Error('the access token names no tenant and object id');
  }
}
