// Makes identities and grants as fast as it can and prints each one that was acknowledged, until it is killed.
import { startIdentity } from '../../../local/identity/identity-service.ts';

const identity = await startIdentity({ port: 0, dataDir: process.argv[2] ?? '' });
for (let index = identity.identities().length; ; index += 1) {
  const name = `silo-${index}`;
  await identity.ensureIdentity({ name });
  await identity.setGrants(name, [{ action: 'keys/read', scope: `keyvault/${name}/keys/*` }]);
  console.log(name);
}
