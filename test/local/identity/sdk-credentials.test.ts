import { expect, onTestFinished, test } from 'vitest';
import { startIdentity } from '../../../local/identity/identity-service.ts';
import { runScript } from '../core/child-process.ts';
import { temporaryDirectory } from '../core/temporary-directory.ts';

// MSAL keeps managed identity tokens, and the kind of source it found, for the whole process: each case gets its own.
async function start(tokenLifetimeMs?: number) {
  const lifetime = tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs };
  const identity = await startIdentity({ port: 0, dataDir: await temporaryDirectory(), ...lifetime });
  onTestFinished(() => identity.close());
  const system = await identity.ensureIdentity({ name: 'system' });
  const assigned = await identity.ensureIdentity({ name: 'assigned' });
  const { header } = await identity.ensureWorkload({ name: 'host', identities: ['system', 'assigned'] });
  const env = { IDENTITY_ENDPOINT: identity.managedIdentityEndpoint, IDENTITY_HEADER: header };
  return { identity, system, assigned, env };
}

const SCOPE = 'https://vault.azure.net/.default';
const ask = (credential: string) => `
  import { DefaultAzureCredential, ManagedIdentityCredential } from '@azure/identity';
  const credential = new ${credential};
  const tokens = [];
  try {
    for (let i = 0; i < 2; i++) tokens.push((await credential.getToken('${SCOPE}')).token);
    console.log(JSON.stringify({ tokens }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.name }));
  }
  process.exit(0);`;

async function oid(
  identity: Awaited<ReturnType<typeof start>>['identity'],
  answer: unknown,
): Promise<string> {
  const { tokens } = answer as { tokens: string[] };
  return (await identity.verify(tokens[0] ?? '', 'https://vault.azure.net')).objectId;
}

test('ManagedIdentityCredential speaks for the system identity, or for an assigned one by its client id', async () => {
  const { identity, system, assigned, env } = await start();
  const plain = await runScript(ask('ManagedIdentityCredential()'), env);
  expect(await oid(identity, plain)).toBe(system.objectId);
  const chosen = await runScript(ask(`ManagedIdentityCredential('${assigned.clientId}')`), env);
  expect(await oid(identity, chosen)).toBe(assigned.objectId);
});

test('DefaultAzureCredential finds the endpoint, pinned by AZURE_TOKEN_CREDENTIALS or not', async () => {
  const { identity, system, assigned, env } = await start();
  const pinned = { ...env, AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential' };
  expect(await oid(identity, await runScript(ask('DefaultAzureCredential()'), pinned))).toBe(system.objectId);
  const byId = ask(`DefaultAzureCredential({ managedIdentityClientId: '${assigned.clientId}' })`);
  expect(await oid(identity, await runScript(byId, env))).toBe(assigned.objectId);
});

test('a wrong header and a client id that the workload does not hold give no token', async () => {
  const { identity, env } = await start();
  const stranger = await identity.ensureIdentity({ name: 'stranger' });
  const wrong = await runScript(ask('ManagedIdentityCredential()'), { ...env, IDENTITY_HEADER: 'guess' });
  expect(wrong).toHaveProperty('error');
  const foreign = await runScript(ask(`ManagedIdentityCredential('${stranger.clientId}')`), env);
  expect(foreign).toHaveProperty('error');
});

test('the SDK keeps a token while it is good for long and asks again when it is about to expire', async () => {
  const long = await start();
  const kept = (await runScript(ask('ManagedIdentityCredential()'), long.env)) as { tokens: string[] };
  expect(new Set(kept.tokens).size).toBe(1);
  const short = await start(60_000);
  const renewed = (await runScript(ask('ManagedIdentityCredential()'), short.env)) as { tokens: string[] };
  expect(new Set(renewed.tokens).size).toBe(2);
});

test('an identity gives a token to exchange for an application of another tenant', async () => {
  const { identity, assigned, env } = await start();
  const script = ask(`DefaultAzureCredential({ managedIdentityClientId: '${assigned.clientId}' })`);
  const scope = 'api://AzureADTokenExchange/.default';
  const { tokens } = (await runScript(script.replace(SCOPE, scope), env)) as { tokens: string[] };
  const bearer = await identity.verify(tokens[0] ?? '', 'api://AzureADTokenExchange');
  expect(bearer.objectId).toBe(assigned.objectId);
});
