// Creates and rotates keys as fast as it can and prints each id that was acknowledged, until it is killed.
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { startKeyVault } from '../../../local/key-vault/key-vault-service.ts';
import { trustLocalCa } from '../trust.ts';

const [dataDir = '', port = '0'] = process.argv.slice(2);
const tls = await ensureTlsMaterial(`${dataDir}/tls`);
trustLocalCa(tls.caPem);
const principal = {
  objectId: 'o',
  clientId: 'c',
  tenantId: 't',
  name: 'n',
  roles: [],
  expiresAt: Number.MAX_SAFE_INTEGER,
};
const vault = await startKeyVault({
  port: Number(port),
  vault: 'silo-a',
  dataDir,
  tls,
  verify: async () => principal,
  authorize: () => true,
  authority: 'https://login.microsoftonline.com/t',
});
const credential = { getToken: async () => ({ token: 'x', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };
const local = { disableChallengeResourceVerification: true };
const client = new KeyClient(vault.endpoint, credential, local);
console.log(vault.port);
const digest = Buffer.alloc(32, 3);
for (let index = 0; ; index += 1) {
  const name = `key-${index % 5}`;
  const key = index < 5 ? await client.createEcKey(name) : await client.rotateKey(name);
  const kid = key.id ?? '';
  const { result } = await new CryptographyClient(kid, credential, local).sign('ES256', digest);
  console.log(JSON.stringify({ kid, signature: Buffer.from(result).toString('base64url') }));
}
