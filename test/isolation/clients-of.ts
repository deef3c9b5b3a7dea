/** The official SDK clients in the name of one identity of the embedded cloud. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CosmosClient } from '@azure/cosmos';
import type { TokenCredential } from '@azure/identity';
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { accounts, database } from '../../local/cloud/directories.ts';
import type { Cloud } from '../../local/cloud/start-cloud.ts';

/** A vault's SDK clients may not insist on Azure's own host names here. */
const local = { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } } as const;

export function clientsOf(cloud: Cloud, credential: TokenCredential) {
  const bus = new ServiceBusClient(cloud.serviceBus.endpoint, credential, {
    retryOptions: { maxRetries: 0, timeoutInMs: 10_000 },
  });
  const cosmos = new CosmosClient({ endpoint: cloud.cosmos.endpoint, aadCredentials: credential });
  const account = (name: string) =>
    new BlobServiceClient(cloud.blob.accountUrl(name), credential, { retryOptions: { maxTries: 1 } });
  const containers = { models: account(accounts.models), updates: account(accounts.updates) };
  return {
    bus,
    blob: (name: keyof typeof containers, container: string, blob: string) =>
      containers[name].getContainerClient(container).getBlockBlobClient(blob),
    blobs: (name: keyof typeof containers, container: string) =>
      containers[name].getContainerClient(container),
    account: (name: keyof typeof containers) => containers[name],
    delegation: (name: keyof typeof containers) =>
      containers[name].getUserDelegationKey(new Date(), new Date(Date.now() + 600_000)),
    cosmos: (container: string) => cosmos.database(database).container(container),
    keys: (vault: string) => new KeyClient(vault, credential, local),
    crypto: (kid: string) => new CryptographyClient(kid, credential, local),
    async close() {
      cosmos.dispose();
      // Bounded: a client's close may never settle when its connection goes away meanwhile.
      await Promise.race([bus.close(), sleep(2_000)]);
    },
  };
}
export type Clients = ReturnType<typeof clientsOf>;
