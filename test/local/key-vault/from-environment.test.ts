import { expect, test } from 'vitest';
import { runScript } from '../core/child-process.ts';
import { runningVault } from './running-vault.ts';

test('a process that knows its environment only creates a key, wraps, unwraps and signs', async () => {
  const { identity, vault, tls } = await runningVault();
  await identity.ensureIdentity({ name: 'agent' });
  const { header } = await identity.ensureWorkload({ name: 'agent', identities: ['agent'] });
  const scope = 'keyvault/silo-a/*';
  await identity.setGrants('agent', [
    { action: 'keys/manage', scope },
    { action: 'keys/read', scope },
    { action: 'keys/unwrap', scope },
    { action: 'keys/sign', scope },
  ]);
  const script = `
    import { DefaultAzureCredential } from '@azure/identity';
    import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
    const credential = new DefaultAzureCredential();
    const options = { disableChallengeResourceVerification: true };
    const keys = new KeyClient(process.env.VAULT, credential, options);
    const kek = await keys.createRsaKey('kek', { keySize: 2048 });
    const client = new CryptographyClient(kek.id, credential, options);
    const { result } = await client.wrapKey('RSA-OAEP-256', Buffer.from('dek'));
    const opened = await client.unwrapKey('RSA-OAEP-256', result);
    const sig = await keys.createEcKey('sig');
    const signer = new CryptographyClient(sig.id, credential, options);
    const signed = await signer.sign('ES256', Buffer.alloc(32, 1));
    console.log(JSON.stringify({ opened: Buffer.from(opened.result).toString(), length: signed.result.length }));
    process.exit(0);`;
  const answer = await runScript(script, {
    IDENTITY_ENDPOINT: identity.managedIdentityEndpoint,
    IDENTITY_HEADER: header,
    AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    NODE_EXTRA_CA_CERTS: tls.caFile,
    VAULT: vault.endpoint,
  });
  expect(answer).toEqual({ opened: 'dek', length: 64 });
});
