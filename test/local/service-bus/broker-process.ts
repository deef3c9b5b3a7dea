/** A broker in a process of its own, for tests that kill it. Configuration: one JSON argument. */
import { readFileSync } from 'node:fs';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';

const [argument = '{}'] = process.argv.slice(2);
const { port, dataDir, cert, key, compactAbove } = JSON.parse(argument) as Record<string, string>;
const bus = await startServiceBus({
  port: Number(port),
  dataDir: String(dataDir),
  tls: { certPem: readFileSync(String(cert), 'utf8'), keyPem: readFileSync(String(key), 'utf8') },
  compactAbove: Number(compactAbove),
  verify: async (name) => ({
    objectId: name,
    clientId: name,
    tenantId: 'tenant',
    name,
    roles: [],
    expiresAt: Date.now() + 3_600_000,
  }),
  authorize: () => true,
});
await bus.ensureQueue({ name: 'q', maxDeliveryCount: 1000, lockDurationMs: 300_000 });
process.stdout.write(`listening ${bus.port}\n`);
