// Serves blobs until it is killed. Prints its port once it listens.
import { startBlob } from '../../../local/blob/blob-service.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { ACCOUNT } from './account.ts';

const [dataDir = '', port = '0'] = process.argv.slice(2);
const service = await startBlob({
  port: Number(port),
  dataDir,
  tls: await ensureTlsMaterial(dataDir),
  accounts: [ACCOUNT],
  compactAbove: 20_000,
  verify: async (token) => ({
    objectId: token,
    clientId: token,
    tenantId: 'tenant',
    name: token,
    roles: [],
    expiresAt: Date.now() + 3600_000,
  }),
  authorize: () => true,
});
await service.ensureContainer(ACCOUNT, 'box');
await service.ensureContainer(ACCOUNT, 'versioned', { versioning: true });
console.log(service.port);
