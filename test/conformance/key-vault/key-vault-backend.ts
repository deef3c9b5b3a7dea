/** The vaults that the suite can be run against; TRIBUTARY_CONFORMANCE chooses. */
import { randomBytes } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import { CryptographyClient, type CryptographyClientOptions, KeyClient } from '@azure/keyvault-keys';
import { afterAll, beforeAll } from 'vitest';
import type { FaultPlan } from '../../../local/core/faults.ts';
import { runningVault } from '../../local/key-vault/running-vault.ts';
import { backendName, conformance, operationLog, requireSetting } from '../conform.ts';

interface RunningVault {
  readonly endpoint: string;
  readonly owner: TokenCredential;
  /** May use keys and not read them, so that the client has to ask the service. */
  readonly user?: TokenCredential;
  readonly options: CryptographyClientOptions;
  close(): Promise<void>;
}

const lacks: Readonly<Record<string, readonly string[]>> = {
  embedded: [],
  azure: ['second identity', 'purge protection'],
  'lowkey-vault': ['second identity', 'purge protection'],
};

/** Starts the chosen backend around the file's tests. */
export function keyVaultSuite() {
  const log = operationLog();
  let running: RunningVault | undefined;
  beforeAll(async () => {
    running = backendName() === 'embedded' ? await startEmbedded(log.faults) : await connect();
  });
  afterAll(() => running?.close());
  const current = (): RunningVault => {
    if (running === undefined) throw new Error('the backend has not started');
    return running;
  };
  return {
    conform: conformance(log, lacks[backendName()] ?? []),
    /** A key name that no earlier test, and no earlier run, has used. */
    freshName: (name: string) => `${name}-${randomBytes(6).toString('hex')}`,
    keys: () => new KeyClient(current().endpoint, current().owner, current().options),
    crypto: (kid: string) => new CryptographyClient(kid, current().owner, current().options),
    cryptoOfUser(kid: string) {
      const { user, options } = current();
      if (user === undefined) throw new Error('this backend has one identity only');
      return new CryptographyClient(kid, user, options);
    },
  };
}

async function startEmbedded(faults: FaultPlan): Promise<RunningVault> {
  const undo: (() => unknown)[] = [];
  const vault = await runningVault(Date.now, { atEnd: (step) => void undo.push(step), faults });
  return {
    endpoint: vault.vault.endpoint,
    owner: vault.owner,
    user: await vault.identityWith('user', ['keys/sign', 'keys/unwrap']),
    options: { disableChallengeResourceVerification: true },
    async close() {
      for (const step of undo.toReversed()) await step();
    },
  };
}

/** A real vault by Entra identity, or Lowkey Vault, which takes any token. */
async function connect(): Promise<RunningVault> {
  const endpoint = requireSetting('TRIBUTARY_CONFORMANCE_KEY_VAULT_URL');
  if (backendName() === 'lowkey-vault') {
    const owner = { getToken: async () => ({ token: 'any', expiresOnTimestamp: Date.now() + 3600_000 }) };
    const options = { disableChallengeResourceVerification: true };
    return { endpoint, owner, options, close: async () => undefined };
  }
  const { DefaultAzureCredential } = await import('@azure/identity');
  return { endpoint, owner: new DefaultAzureCredential(), options: {}, close: async () => undefined };
}
