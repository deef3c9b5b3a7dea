import type { TokenCredential } from '@azure/identity';
import { CryptographyClient, KeyClient, type KeyVaultKey } from '@azure/keyvault-keys';
import { type SigningKey, signingKey, type WrappingKey, wrappingKey } from '../../shared/contracts/keys.ts';
import { jwkThumbprint } from '../../shared/sealing/signature.ts';
import { backoffDelay } from '../backoff.ts';
import type { SiloConfig } from '../config.ts';
import type { Clock, SiloKeys } from '../ports.ts';

const THROTTLED = { firstMs: 250, maxMs: 4_000 };
const TRIES = 5;

/**
 * The silo's two keys in its own vault. Public parts are fetched once; the cryptography client is made once from the
 * versioned id, because a client that is made in parallel calls can lose a request's body.
 */
export function keyVaultKeys(
  config: SiloConfig['keys'],
  credential: TokenCredential,
  clock: Clock,
): SiloKeys {
  const options = { disableChallengeResourceVerification: !config.verifyChallenge };
  let signer: CryptographyClient | undefined;

  async function fetchKey(kid: string): Promise<KeyVaultKey> {
    const { vault, name, version } = partsOf(kid);
    const key = await new KeyClient(vault, credential, options).getKey(name, { version });
    if (key.id !== kid)
      throw new Error(`the vault answered with key ${key.id ?? '(none)'} instead of ${kid}`);
    return key;
  }

  async function signOnce(digest: Uint8Array): Promise<Uint8Array> {
    signer ??= new CryptographyClient(config.sig, credential, options);
    const { result } = await signer.sign('ES256', digest);
    return result;
  }

  return {
    kek: once(async () => wrappingKeyOf(await fetchKey(config.kek))),
    sig: once(async () => signingKeyOf(await fetchKey(config.sig))),
    sign: inTurn(async (digest) => {
      for (let failures = 1; ; failures++) {
        try {
          return await signOnce(digest);
        } catch (error) {
          // The client itself does not retry a throttled request whose answer says no time.
          if (failures >= TRIES || !isThrottled(error)) throw error;
          const never = new AbortController().signal;
          await clock.sleep(backoffDelay(failures, THROTTLED, clock.random), never);
        }
      }
    }),
  };
}

function partsOf(kid: string): { vault: string; name: string; version: string } {
  const { origin, pathname } = new URL(kid);
  const [, , name = '', version = ''] = pathname.split('/');
  return { vault: origin, name, version };
}

function wrappingKeyOf({ id, key }: KeyVaultKey): WrappingKey {
  const jwk = { kty: 'RSA' as const, n: encode(key?.n), e: encode(key?.e) };
  return wrappingKey.parse({ kid: id, jkt: jwkThumbprint(jwk), jwk });
}

function signingKeyOf({ id, key }: KeyVaultKey): SigningKey {
  const jwk = { kty: 'EC' as const, crv: 'P-256' as const, x: encode(key?.x, 32), y: encode(key?.y, 32) };
  if (key?.crv !== 'P-256') throw new Error(`key ${id ?? ''} is not on P-256`);
  return signingKey.parse({ kid: id, jkt: jwkThumbprint(jwk), jwk });
}

/** Base64url: big-endian without leading zeros (RSA), or padded to `length` bytes (coordinates of a curve). */
function encode(bytes: Uint8Array | undefined, length?: number): string {
  const trimmed = Buffer.from(bytes ?? []);
  const first = trimmed.findIndex((byte) => byte !== 0);
  const number = first < 0 ? Buffer.alloc(0) : trimmed.subarray(first);
  const padding = Buffer.alloc(Math.max(0, (length ?? 0) - number.length));
  return Buffer.concat([padding, number]).toString('base64url');
}

function isThrottled(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === 429;
}

/** The first success is kept; a failure is not. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

function inTurn(
  work: (digest: Uint8Array) => Promise<Uint8Array>,
): (digest: Uint8Array) => Promise<Uint8Array> {
  let last: Promise<unknown> = Promise.resolve();
  return (digest) => {
    const done = last.then(() => work(digest));
    last = done.catch(() => undefined);
    return done;
  };
}
