/**
 * The embedded cloud: identity, vaults, blobs, Cosmos and Service Bus in one process, with the resources, identities
 * and rights that a deployment has. Everything is made anew where it is missing, so a start after a crash resumes.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AccessTopology,
  aggregatorGrants,
  coordinatorGrants,
  type Grant,
  siloGrants,
} from '../../shared/domain/access.ts';
import {
  blobContainers,
  cosmosContainers,
  keyNames,
  lockSeconds,
  queueLimits,
  queues,
} from '../../shared/domain/resources.ts';
import { type BlobService, startBlob } from '../blob/blob-service.ts';
import type { FaultPlan } from '../core/faults.ts';
import type { TlsMaterial } from '../core/tls.ts';
import { type CosmosService, startCosmos } from '../cosmos/start-cosmos.ts';
import { type IdentityService, startIdentity } from '../identity/identity-service.ts';
import { type KeyVaultService, startKeyVault } from '../key-vault/key-vault-service.ts';
import { createSigningThread } from '../key-vault/signing-thread.ts';
import { type ServiceBus, startServiceBus } from '../service-bus/start-service-bus.ts';
import {
  accounts,
  apiAudience,
  cloudDirectories,
  coordinatorVault,
  database,
  siloVault,
} from './directories.ts';
import { type Environment, writeEnvironment } from './environment-file.ts';
import { writeFuncSettings } from './func-settings.ts';
import { portsFrom } from './ports.ts';
import { readTopology, writeTopology } from './topology.ts';

export interface CloudOptions {
  readonly dataDir: string;
  readonly portBase: number;
  readonly tls: TlsMaterial;
  readonly faults?: FaultPlan;
  /** Lifetime of access tokens in milliseconds. */
  readonly tokenLifetimeMs?: number;
}

/** What a silo's agent has to know of its part of the cloud. */
export interface SiloResources {
  readonly silo: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly objectId: string;
  readonly serviceBusNamespace: string;
  readonly updatesAccountUrl: string;
  readonly kek: string;
  readonly sig: string;
  readonly environmentFile: string;
}

export interface Cloud {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly identity: IdentityService;
  readonly serviceBus: ServiceBus;
  readonly blob: BlobService;
  readonly cosmos: CosmosService;
  readonly coordinatorVault: KeyVaultService;
  vaultOf(silo: string): KeyVaultService | undefined;
  silos(): readonly string[];
  /** Makes a silo's queue, container, identity, vault and keys, and grants both sides their rights. Idempotent. */
  ensureSilo(silo: string): Promise<SiloResources>;
  close(): Promise<void>;
}

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { dataDir, portBase, tls, faults } = options;
  const directories = cloudDirectories(dataDir);
  const ports = portsFrom(portBase);
  await mkdir(directories.services, { recursive: true, mode: 0o700 });
  await mkdir(directories.environments, { recursive: true, mode: 0o700 });
  let topology = readTopology(directories.topology, portBase);
  await writeTopology(directories.topology, topology);
  const withFaults = faults === undefined ? {} : { faults };

  const identity = await startIdentity({
    port: ports.identity,
    dataDir: directories.services,
    ...withFaults,
    ...(options.tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs: options.tokenLifetimeMs }),
  });
  const { verify, authorize, tenantId } = identity;
  const authority = `https://login.microsoftonline.com/${tenantId}`;
  const common = { dataDir: directories.services, tls, verify, authorize, ...withFaults };
  const vaults = new Map<string, KeyVaultService>();
  const signing = createSigningThread();
  const startVault = (vault: string, port: number) =>
    startKeyVault({ ...common, vault, port, authority, signing });

  const [blob, cosmos, serviceBus, ownVault] = await Promise.all([
    startBlob({ ...common, port: ports.blob, accounts: Object.values(accounts) }),
    startCosmos({ ...common, port: ports.cosmos }),
    startServiceBus({
      ...common,
      port: ports.serviceBus,
      websocketPort: ports.serviceBusWebSocket,
      ...(topology.sharedAccessRules === undefined ? {} : { sharedAccessRules: topology.sharedAccessRules }),
    }),
    startVault(coordinatorVault, ports.coordinatorVault),
  ]);
  await Promise.all([ensureSharedResources(blob, cosmos, serviceBus), ...topology.silos.map(openSilo)]);

  const coordinator = await identity.ensureIdentity({ name: 'coordinator', appRoles: [] });
  const aggregator = await identity.ensureIdentity({ name: 'aggregator', appRoles: [] });
  const planSigning = await ownVault.ensureKey(keyNames.planSigning, {
    kty: 'EC',
    curve: 'P-256',
    ops: ['sign', 'verify'],
  });
  await grantCoordinator();
  await writeCoordinatorEnvironment();
  for (const role of ['viewer', 'operator', 'admin']) {
    await identity.ensureIdentity({ name: role, appRoles: [role] });
    await writeEnvironment(join(directories.environments, `${role}.env`), await credentialsOf(role, [role]));
  }

  async function credentialsOf(workload: string, identities: string[]): Promise<Environment> {
    const { header } = await identity.ensureWorkload({ name: workload, identities });
    return {
      IDENTITY_ENDPOINT: identity.managedIdentityEndpoint,
      IDENTITY_HEADER: header,
      // Not `ManagedIdentityCredential`: with that value @azure/identity 4.13.0 forgets which identity was asked for.
      AZURE_TOKEN_CREDENTIALS: 'prod',
      NODE_EXTRA_CA_CERTS: tls.caFile,
    };
  }

  function access(): AccessTopology {
    return {
      modelsAccount: accounts.models,
      updatesAccount: accounts.updates,
      coordinatorVault,
      silos: topology.silos.map((silo) => ({ silo, vault: siloVault(silo) })),
    };
  }

  async function grantCoordinator(): Promise<void> {
    const wanted: [string, Grant[]][] = [
      ['coordinator', coordinatorGrants(access())],
      ['aggregator', aggregatorGrants(access())],
      ...topology.silos.map((silo): [string, Grant[]] => [
        `silo-${silo}`,
        siloGrants({ updatesAccount: accounts.updates }, silo, siloVault(silo)),
      ]),
    ];
    for (const [name, grants] of wanted) {
      if (identity.identities().some((known) => known.name === name)) await identity.setGrants(name, grants);
    }
  }

  async function writeCoordinatorEnvironment(): Promise<void> {
    const settings = {
      ServiceBusConnection__fullyQualifiedNamespace: serviceBus.endpoint,
      ServiceBusConnection__credential: 'managedidentity',
      ServiceBusConnection__clientId: coordinator.clientId,
      COSMOS_ENDPOINT: cosmos.endpoint,
      COSMOS_DATABASE: database,
      MODELS_ACCOUNT_URL: blob.accountUrl(accounts.models),
      UPDATES_ACCOUNT_URL: blob.accountUrl(accounts.updates),
      PLAN_SIGNING_KEY_ID: planSigning.kid,
      COORDINATOR_CLIENT_ID: coordinator.clientId,
      AGGREGATOR_CLIENT_ID: aggregator.clientId,
      COORDINATOR_TENANT_ID: tenantId,
      API_AUDIENCE: apiAudience,
      API_ISSUERS: identity.issuer,
      API_JWKS_URL: identity.jwksUri,
      API_TENANTS: tenantId,
      KEYVAULT_VERIFY_CHALLENGE: 'false',
    };
    const credentials = await credentialsOf('coordinator', ['coordinator', 'aggregator']);
    const environment = { ...credentials, ...settings };
    await writeEnvironment(join(directories.environments, 'coordinator.env'), environment);
    await writeFuncSettings(join(directories.environments, 'local.settings.json'), environment, tls.caFile);
  }

  async function openSilo(silo: string): Promise<KeyVaultService> {
    const running = vaults.get(silo);
    if (running !== undefined) return running;
    await serviceBus.ensureQueue({
      name: queues.silo(silo),
      lockDurationMs: lockSeconds * 1_000,
      maxMessageBytes: 256 * 1024,
    });
    await blob.ensureContainer(accounts.updates, blobContainers.updates(silo), { versioning: true });
    const vault = await startVault(siloVault(silo), ports.siloVault(topology.silos.indexOf(silo)));
    vaults.set(silo, vault);
    return vault;
  }

  async function ensureSilo(silo: string): Promise<SiloResources> {
    if (!topology.silos.includes(silo)) {
      topology = { ...topology, silos: [...topology.silos, silo] };
      await writeTopology(directories.topology, topology);
    }
    const vault = await openSilo(silo);
    const { clientId, objectId } = await identity.ensureIdentity({
      name: `silo-${silo}`,
      appRoles: ['silo'],
    });
    const kek = await vault.ensureKey(keyNames.kek, {
      kty: 'RSA',
      size: 3072,
      ops: ['wrapKey', 'unwrapKey'],
    });
    const sig = await vault.ensureKey(keyNames.sig, { kty: 'EC', curve: 'P-256', ops: ['sign', 'verify'] });
    await grantCoordinator();
    const environmentFile = join(directories.environments, `silo-${silo}.env`);
    await writeEnvironment(environmentFile, await credentialsOf(`silo-${silo}`, [`silo-${silo}`]));
    return {
      silo,
      tenantId,
      clientId,
      objectId,
      serviceBusNamespace: serviceBus.endpoint,
      updatesAccountUrl: blob.accountUrl(accounts.updates),
      kek: kek.kid,
      sig: sig.kid,
      environmentFile,
    };
  }

  // One after the other: two silos made at once must not take the same vault port.
  let last: Promise<unknown> = Promise.resolve();
  return {
    endpoints: {
      api: `http://127.0.0.1:${ports.functions}`,
      identity: identity.endpoint,
      blob: blob.endpoint,
      cosmos: cosmos.endpoint,
      serviceBus: serviceBus.endpoint,
      serviceBusWebSocket: `wss://127.0.0.1:${ports.serviceBusWebSocket}/$servicebus/websocket`,
      coordinatorVault: ownVault.endpoint,
    },
    identity,
    serviceBus,
    blob,
    cosmos,
    coordinatorVault: ownVault,
    vaultOf: (silo) => vaults.get(silo),
    silos: () => topology.silos,
    ensureSilo(silo) {
      const made = last.then(() => ensureSilo(silo));
      last = made.catch(() => undefined);
      return made;
    },
    async close() {
      await Promise.all(
        [serviceBus, blob, cosmos, ownVault, ...vaults.values()].map((service) => service.close()),
      );
      await signing.close();
      await identity.close();
    },
  };
}

async function ensureSharedResources(
  blob: BlobService,
  cosmos: CosmosService,
  serviceBus: ServiceBus,
): Promise<void> {
  // No duplicate detection: a stranger's junk under another's message id would swallow the real one.
  await serviceBus.ensureQueue({
    name: queues.updates,
    lockDurationMs: lockSeconds * 1_000,
    maxDeliveryCount: queueLimits.updates.maxDeliveryCount,
  });
  await serviceBus.ensureQueue({
    name: queues.signals,
    defaultTtlMs: queueLimits.signals.ttlSeconds * 1_000,
    maxDeliveryCount: queueLimits.signals.maxDeliveryCount,
  });
  await blob.ensureContainer(accounts.models, blobContainers.models);
  await blob.ensureContainer(accounts.models, blobContainers.rounds);
  await blob.ensureContainer(accounts.updates, blobContainers.shards);
  for (const container of Object.values(cosmosContainers)) {
    const ttl = 'ttlSeconds' in container ? { defaultTtlSeconds: container.ttlSeconds } : {};
    await cosmos.ensureContainer({
      database,
      name: container.name,
      partitionKeyPath: container.partitionKey,
      ...ttl,
    });
  }
}
