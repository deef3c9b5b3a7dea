import type { KeyClient } from '@azure/keyvault-keys';

/** What Key Vault has and the embedded vault has not, and how a client asks for it. */
export const UNSUPPORTED_KEY_VAULT: readonly (readonly [string, (keys: KeyClient) => Promise<unknown>])[] = [
  ['KeyBackup', (keys) => keys.backupKey('kek')],
  ['KeyRestore', (keys) => keys.restoreKeyBackup(Buffer.from('x'))],
  ['KeyRelease', (keys) => keys.releaseKey('kek', 'attestation')],
  ['KeyGetRandomBytes', (keys) => keys.getRandomBytes(16)],
  ['KeyGetAttestation', (keys) => keys.getKeyAttestation('kek')],
];
