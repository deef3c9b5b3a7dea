import type { DataAction } from '../../shared/domain/access.ts';

/** Key Vault's operations, by the names that its audit log gives them. */
export type Operation =
  | 'KeyCreate'
  | 'KeyImport'
  | 'KeyGet'
  | 'KeyList'
  | 'KeyListVersions'
  | 'KeyUpdate'
  | 'KeyRotate'
  | 'KeyRotationPolicyGet'
  | 'KeyRotationPolicySet'
  | 'KeyDelete'
  | 'KeyListDeleted'
  | 'KeyGetDeleted'
  | 'KeyRecover'
  | 'KeyPurge'
  | 'KeyEncrypt'
  | 'KeyDecrypt'
  | 'KeyWrap'
  | 'KeyUnwrap'
  | 'KeySign'
  | 'KeyVerify'
  | UnsupportedOperation;

/** Answered 501: they need an attestation authority, or move key material out of the vault. */
export const UNSUPPORTED_OPERATIONS = [
  'KeyBackup',
  'KeyRestore',
  'KeyRelease',
  'KeyGetAttestation',
  'KeyGetRandomBytes',
] as const;
type UnsupportedOperation = (typeof UNSUPPORTED_OPERATIONS)[number];

/** Any one of the actions allows the operation. Decrypting is unwrapping by another name, so they share theirs. */
export const REQUIRED_ACTIONS: Readonly<Record<Operation, readonly DataAction[]>> = {
  KeyCreate: ['keys/manage'],
  KeyImport: ['keys/manage'],
  KeyGet: ['keys/read'],
  KeyList: ['keys/read'],
  KeyListVersions: ['keys/read'],
  KeyUpdate: ['keys/manage'],
  KeyRotate: ['keys/manage'],
  KeyRotationPolicyGet: ['keys/read'],
  KeyRotationPolicySet: ['keys/manage'],
  KeyDelete: ['keys/manage'],
  KeyListDeleted: ['keys/read'],
  KeyGetDeleted: ['keys/read'],
  KeyRecover: ['keys/manage'],
  KeyPurge: ['keys/manage'],
  KeyEncrypt: ['keys/unwrap'],
  KeyDecrypt: ['keys/unwrap'],
  KeyWrap: ['keys/unwrap'],
  KeyUnwrap: ['keys/unwrap'],
  KeySign: ['keys/sign'],
  KeyVerify: ['keys/read', 'keys/sign'],
  KeyBackup: ['keys/manage'],
  KeyRestore: ['keys/manage'],
  KeyRelease: ['keys/manage'],
  KeyGetAttestation: ['keys/manage'],
  KeyGetRandomBytes: ['keys/manage'],
};

export interface Target {
  readonly operation: Operation;
  /** Empty for operations on the whole vault. */
  readonly name: string;
  /** Empty for the latest. */
  readonly version: string;
}

const NAME = '(?<name>[^/]+)';
const VERSION = '(?<version>[^/]*)';

/** In order: the first that matches wins. The SDK leaves the version's segment empty when it names none. */
const ROUTES: readonly (readonly [string, RegExp, Operation])[] = [
  route('GET', '/keys/?', 'KeyList'),
  route('POST', '/rng', 'KeyGetRandomBytes'),
  route('POST', '/keys/restore', 'KeyRestore'),
  route('GET', '/deletedkeys/?', 'KeyListDeleted'),
  route('GET', `/deletedkeys/${NAME}`, 'KeyGetDeleted'),
  route('POST', `/deletedkeys/${NAME}/recover`, 'KeyRecover'),
  route('DELETE', `/deletedkeys/${NAME}`, 'KeyPurge'),
  route('POST', `/keys/${NAME}/create`, 'KeyCreate'),
  route('PUT', `/keys/${NAME}`, 'KeyImport'),
  route('DELETE', `/keys/${NAME}`, 'KeyDelete'),
  route('GET', `/keys/${NAME}/versions`, 'KeyListVersions'),
  route('GET', `/keys/${NAME}/rotationpolicy`, 'KeyRotationPolicyGet'),
  route('PUT', `/keys/${NAME}/rotationpolicy`, 'KeyRotationPolicySet'),
  route('POST', `/keys/${NAME}/rotate`, 'KeyRotate'),
  route('POST', `/keys/${NAME}/backup`, 'KeyBackup'),
  route('POST', `/keys/${NAME}(/${VERSION})?/release`, 'KeyRelease'),
  route('GET', `/keys/${NAME}(/${VERSION})?/attestation`, 'KeyGetAttestation'),
  route('POST', `/keys/${NAME}(/${VERSION})?/encrypt`, 'KeyEncrypt'),
  route('POST', `/keys/${NAME}(/${VERSION})?/decrypt`, 'KeyDecrypt'),
  route('POST', `/keys/${NAME}(/${VERSION})?/wrapkey`, 'KeyWrap'),
  route('POST', `/keys/${NAME}(/${VERSION})?/unwrapkey`, 'KeyUnwrap'),
  route('POST', `/keys/${NAME}(/${VERSION})?/sign`, 'KeySign'),
  route('POST', `/keys/${NAME}(/${VERSION})?/verify`, 'KeyVerify'),
  route('PATCH', `/keys/${NAME}(/${VERSION})?`, 'KeyUpdate'),
  route('GET', `/keys/${NAME}(/${VERSION})?`, 'KeyGet'),
];

export function routeOperation(method: string, path: string): Target | undefined {
  for (const [wanted, pattern, operation] of ROUTES) {
    if (wanted !== method) continue;
    const groups = pattern.exec(path);
    if (groups === null) continue;
    const { name = '', version = '' } = groups.groups ?? {};
    return { operation, name, version };
  }
  return undefined;
}

function route(method: string, path: string, operation: Operation): readonly [string, RegExp, Operation] {
  return [method, new RegExp(`^${path}$`), operation];
}
