/**
 * One service of the embedded cloud in a process of its own, to be killed. One JSON argument: {@link ServiceArguments}.
 * Prints `{"port":...}` when it serves.
 */
import { join } from 'node:path';
import type { FaultRule } from '../../local/core/fault-rule.ts';
import type { ServiceName } from './options.ts';
import { plantLateWrites } from './plant.ts';

export interface ServiceArguments {
  readonly service: Exclude<ServiceName, 'durable'>;
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly plant?: boolean;
  readonly faults?: readonly FaultRule[];
}

const {
  service,
  dataDir,
  port,
  plant,
  faults: rules = [],
} = JSON.parse(process.argv[2] ?? '{}') as ServiceArguments;
if (plant === true) plantLateWrites();

// Loaded only now, and so under the planted defect where there is one.
const { createFaultPlan } = await import('../../local/core/faults.ts');
const { ensureTlsMaterial } = await import('../../local/core/tls.ts');
const faults = createFaultPlan();
const common = {
  port,
  dataDir,
  tls: await ensureTlsMaterial(join(dataDir, 'tls')),
  faults,
  // Small, so that kills hit the rewriting of logs too; a rewritten log would hide the planted defect.
  compactAbove: plant === true ? Number.MAX_SAFE_INTEGER : 60_000,
  verify: async (token: string) => ({
    objectId: token,
    clientId: token,
    tenantId: 'tenant',
    name: token,
    roles: [],
    expiresAt: Date.now() + 3_600_000,
  }),
  authorize: () => true,
};

async function start(): Promise<{ port: number; adminPort?: number; websocketPort?: number | undefined }> {
  switch (service) {
    case 'identity': {
      const { startIdentity } = await import('../../local/identity/identity-service.ts');
      const { serveRegistry } = await import('./registry-admin.ts');
      const identity = await startIdentity({ port, dataDir, faults });
      return { port: identity.port, adminPort: await serveRegistry(identity) };
    }
    case 'key-vault': {
      const { startKeyVault } = await import('../../local/key-vault/key-vault-service.ts');
      return startKeyVault({
        ...common,
        vault: 'campaign',
        authority: 'https://login.microsoftonline.com/t',
      });
    }
    case 'blob': {
      const { startBlob } = await import('../../local/blob/blob-service.ts');
      const blob = await startBlob({ ...common, accounts: ['campaign'] });
      await blob.ensureContainer('campaign', 'box', { versioning: true });
      return blob;
    }
    case 'cosmos': {
      const { startCosmos } = await import('../../local/cosmos/start-cosmos.ts');
      const cosmos = await startCosmos(common);
      await cosmos.ensureContainer({ database: 'campaign', name: 'items', partitionKeyPath: '/pk' });
      return cosmos;
    }
    case 'service-bus': {
      const { startServiceBus } = await import('../../local/service-bus/start-service-bus.ts');
      const bus = await startServiceBus({ ...common, websocketPort: 0 });
      await bus.ensureQueue({ name: 'q', maxDeliveryCount: 1000, lockDurationMs: 300_000 });
      return bus;
    }
  }
}

const started = await start();
// Not while it makes its containers and queues: those are no operations of a client.
faults.set(rules);
const { adminPort, websocketPort } = started;
process.stdout.write(`${JSON.stringify({ port: started.port, adminPort, websocketPort })}\n`);
