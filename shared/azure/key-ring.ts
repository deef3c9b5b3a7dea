import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import {
  CryptographyClient,
  KeyClient,
  type KeyClientOptions,
  parseKeyVaultKeyIdentifier,
} from '@azure/keyvault-keys';
import { type SigningKey, signingJwk } from '../contracts/keys.ts';
import { type KeyRing, UnwrapRefused } from '../ports/key-ring.ts';

export interface KeyRingOptions {
  readonly planSigningKeyId: string;
  readonly coordinator: TokenCredential;
  readonly aggregator: TokenCredential;
  readonly clientOptions: KeyClientOptions;
}

/**
 * Keys in Key Vault. Clients are built from versioned key ids, never from key objects, and cached one per version:
 * a fresh client's first call goes out alone (parallel first calls can be sent with an empty body).
 */
export function keyVaultKeyRing(options: KeyRingOptions): KeyRing {
  const signer = new CryptographyClient(options.planSigningKeyId, options.coordinator, options.clientOptions);
  const unwrappers = new Map<string, { client: CryptographyClient; gate: Promise<unknown> }>();
  let signGate: Promise<unknown> = Promise.resolve();
  let planSigning: Promise<SigningKey> | undefined;

  const readPlanSigning = async (): Promise<SigningKey> => {
    const { vaultUrl, name, version } = parseKeyVaultKeyIdentifier(options.planSigningKeyId);
    const client = new KeyClient(vaultUrl, options.coordinator, options.clientOptions);
    const { key } = await throttled(() => client.getKey(name, version === undefined ? {} : { version }));
    if (key?.x === undefined || key.y === undefined) throw new Error('the plan-signing key is not an EC key');
    const jwk = signingJwk.parse({
      kty: 'EC',
      crv: key.crv,
      x: Buffer.from(key.x).toString('base64url'),
      y: Buffer.from(key.y).toString('base64url'),
    });
    return { kid: options.planSigningKeyId, jkt: thumbprintOf(jwk), jwk };
  };

  return {
    planSigningKey() {
      planSigning ??= readPlanSigning().catch((error: unknown) => {
        planSigning = undefined;
        throw error;
      });
      return planSigning;
    },
    async signAsCoordinator(digest) {
      const turn = signGate.then(() => throttled(() => signer.sign('ES256', digest)));
      signGate = turn.catch(() => undefined);
      return (await turn).result;
    },
    async unwrap(kid, wrapped) {
      const held = unwrappers.get(kid) ?? {
        client: new CryptographyClient(kid, options.aggregator, options.clientOptions),
        gate: Promise.resolve(),
      };
      unwrappers.set(kid, held);
      const turn = held.gate.then(() => throttled(() => held.client.unwrapKey('RSA-OAEP-256', wrapped)));
      held.gate = turn.catch(() => undefined);
      try {
        return (await turn).result;
      } catch (error) {
        unwrappers.delete(kid);
        throw refusal(error) ?? error;
      }
    },
  };
}

/** RFC 7638. */
function thumbprintOf(jwk: SigningKey['jwk']): string {
  const canonical = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });
  return createHash('sha256').update(canonical).digest('base64url');
}

/** Key Vault's 429 without `Retry-After` is not retried by the official client. */
async function throttled<T>(operation: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (statusCode(error) !== 429 || attempt >= 8) throw error;
      await sleep(Math.random() * Math.min(10_000, 250 * 2 ** attempt));
    }
  }
}

function refusal(error: unknown): UnwrapRefused | undefined {
  const message = error instanceof Error ? error.message : '';
  switch (statusCode(error)) {
    case 403:
      return /disabled|not enabled|expired|not yet valid/i.test(message)
        ? new UnwrapRefused('key-revoked', "the silo's vault says that this key version is disabled")
        : new UnwrapRefused('unwrap-denied', "the silo's vault does not let the aggregator use this key");
    case 404:
      return new UnwrapRefused('key-revoked', "the silo's vault has no such key version");
    case 400:
      return new UnwrapRefused('unwrap-denied', "the silo's vault could not unwrap the data key");
    default:
      return undefined;
  }
}

function statusCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
