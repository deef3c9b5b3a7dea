/** The broker to be measured, in a process of its own. Arguments: data directory, directory of certificates. */
import { ensureTlsMaterial } from '../../local/core/tls.ts';
import { startServiceBus } from '../../local/service-bus/start-service-bus.ts';

const [dataDir = '', tlsDirectory = ''] = process.argv.slice(2);
const bus = await startServiceBus({
  port: 0,
  dataDir,
  tls: await ensureTlsMaterial(tlsDirectory),
  verify: async (token) => ({
    objectId: token,
    clientId: token,
    tenantId: 'tenant',
    name: token,
    roles: [],
    expiresAt: Date.now() + 3_600_000,
  }),
  authorize: () => true,
});
await bus.ensureQueue({ name: 'q' });
for (let index = 0; index < 200; index += 1) await bus.ensureQueue({ name: `silo-${index}` });
process.stdout.write(`${bus.port}\n`);
