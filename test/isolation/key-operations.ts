/** Every kind of access to a key and to the list of keys, as the official client asks for it. */
import { keyNames } from '../../shared/domain/resources.ts';
import type { Operation } from './operation.ts';

export interface KeyUnderTest {
  readonly vault: string;
  readonly endpoint: string;
  readonly key: string;
  readonly kid: string;
  /** A data key that only the private half opens. */
  readonly wrapped: Uint8Array;
}

export function vaultListing({ vault, endpoint }: KeyUnderTest): Operation {
  return {
    name: `list keys of ${vault}`,
    actions: ['keys/read'],
    scope: `keyvault/${vault}/keys/*`,
    run: (clients) => clients.keys(endpoint).listPropertiesOfKeys().next(),
  };
}

export function keyOperations({ vault, endpoint, key, kid, wrapped }: KeyUnderTest): Operation[] {
  const scope = `keyvault/${vault}/keys/${key}`;
  const named = (verb: string) => `${verb} ${vault}/${key}`;
  // What the key is for; the SDK itself turns down the other use.
  const use: Operation =
    key === keyNames.kek
      ? {
          name: named('unwrap'),
          actions: ['keys/unwrap'],
          scope,
          run: (clients) => clients.crypto(kid).unwrapKey('RSA-OAEP-256', wrapped),
        }
      : {
          name: named('sign'),
          actions: ['keys/sign'],
          scope,
          run: (clients) => clients.crypto(kid).sign('ES256', Buffer.alloc(32, 7)),
        };
  return [
    {
      name: named('get'),
      actions: ['keys/read'],
      scope,
      run: (clients) => clients.keys(endpoint).getKey(key),
    },
    {
      name: named('list versions of'),
      actions: ['keys/read'],
      scope,
      run: (clients) => clients.keys(endpoint).listPropertiesOfKeyVersions(key).next(),
    },
    use,
    {
      name: named('rotate'),
      actions: ['keys/manage'],
      scope,
      run: (clients) => clients.keys(endpoint).rotateKey(key),
    },
    {
      name: named('create version of'),
      actions: ['keys/manage'],
      scope,
      run: (clients) => clients.keys(endpoint).createKey(key, 'EC', { curve: 'P-256' }),
    },
    {
      name: named('disable'),
      actions: ['keys/manage'],
      scope,
      run: (clients) => clients.keys(endpoint).updateKeyProperties(key, { enabled: false }),
    },
    {
      name: named('delete'),
      actions: ['keys/manage'],
      scope,
      run: (clients) => clients.keys(endpoint).beginDeleteKey(key),
    },
  ];
}
