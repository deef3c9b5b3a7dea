/** The composition root: the one place where ports meet Azure clients. */
import { randomBytes } from 'node:crypto';
import { CosmosClient } from '@azure/cosmos';
import { DefaultAzureCredential } from '@azure/identity';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { cosmosContainers } from '../domain/resources.ts';
import type { Services } from '../ports/services.ts';
import { aggregatorCredential } from './aggregator-credential.ts';
import { serviceBusDeadLetters } from './dead-letters.ts';
import { cosmosExperimentStore } from './experiment-store.ts';
import { keyVaultKeyRing } from './key-ring.ts';
import { serviceBusMailbox } from './mailbox.ts';
import { blobModelStore } from './model-store.ts';
import {
  cosmosAuditLog,
  cosmosCatalog,
  cosmosMetricsLog,
  cosmosRoster,
  cosmosSignalBoard,
} from './records.ts';
import { blobRoundArchive } from './round-archive.ts';
import type { CoordinatorSettings } from './settings.ts';
import { blobShardStore } from './shard-store.ts';
import { blobUpdateStore } from './update-store.ts';

export function azureServices(settings: CoordinatorSettings): Services {
  // One identity per purpose. Within one Functions app this is no boundary; it keeps rights least and audits readable.
  const coordinator = new DefaultAzureCredential({ managedIdentityClientId: settings.COORDINATOR_CLIENT_ID });
  const aggregator = new DefaultAzureCredential({ managedIdentityClientId: settings.AGGREGATOR_CLIENT_ID });
  const cosmos = new CosmosClient({ endpoint: settings.COSMOS_ENDPOINT, aadCredentials: coordinator });
  const container = (key: keyof typeof cosmosContainers) =>
    cosmos.database(settings.COSMOS_DATABASE).container(cosmosContainers[key].name);
  const models = new BlobServiceClient(settings.MODELS_ACCOUNT_URL, coordinator);
  const updates = new BlobServiceClient(settings.UPDATES_ACCOUNT_URL, aggregator);
  const serviceBus = new ServiceBusClient(
    settings.ServiceBusConnection__fullyQualifiedNamespace,
    coordinator,
    {
      // A send in flight when the connection drops waits the time-out before it fails. No retries of the client: they
      // would hide a queue that refuses us for a minute and a half; the mailbox tries again itself.
      retryOptions: { timeoutInMs: 10_000, maxRetries: 0 },
    },
  );

  return {
    experiments: cosmosExperimentStore(container('experiments')),
    catalog: cosmosCatalog(container('catalog')),
    roster: cosmosRoster(container('silos')),
    metrics: cosmosMetricsLog(container('metrics')),
    audit: cosmosAuditLog(container('audit')),
    signals: cosmosSignalBoard(container('signals')),
    models: blobModelStore(models),
    updates: blobUpdateStore(updates),
    archive: blobRoundArchive(models),
    shards: blobShardStore(updates),
    mailbox: serviceBusMailbox(serviceBus),
    deadLetters: serviceBusDeadLetters(serviceBus),
    keys: keyVaultKeyRing({
      planSigningKeyId: settings.PLAN_SIGNING_KEY_ID,
      coordinator,
      aggregator: aggregatorCredential({
        identity: aggregator,
        homeTenant: settings.COORDINATOR_TENANT_ID,
        applicationId: settings.AGGREGATOR_APPLICATION_ID,
        authorityHost: settings.AZURE_AUTHORITY_HOST,
      }),
      clientOptions: {
        disableChallengeResourceVerification: settings.KEYVAULT_VERIFY_CHALLENGE === 'false',
      },
    }),
    aggregation: {
      workers: settings.TRIBUTARY_AGGREGATION_WORKERS,
      shardBytes: settings.TRIBUTARY_AGGREGATION_SHARD_MIB * 2 ** 20,
    },
    clock: { now: () => Date.now(), randomBytes: (length) => randomBytes(length) },
  };
}
