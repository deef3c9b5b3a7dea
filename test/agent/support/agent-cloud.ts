/** The embedded services that an agent talks to, for one silo, and the agent's own process beside them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AccessToken, TokenCredential } from '@azure/identity';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { startBlob } from '../../../local/blob/blob-service.ts';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { startIdentity } from '../../../local/identity/identity-service.ts';
import { startKeyVault } from '../../../local/key-vault/key-vault-service.ts';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { type Grant, siloGrants } from '../../../shared/domain/access.ts';
import { trustLocalCa } from '../../local/trust.ts';
import type { CoordinatorPeer } from './coordinator-peer.ts';
import { trainerPath } from './silo-peer.ts';

export const SILO = 'hospital-a';
const ACCOUNT = 'tribupdates';
const VAULT = 'silo-hospital-a';

/** The other side: sends plans, reads replies, blobs and public keys, and may unwrap. */
const coordinatorSide: Grant[] = [
  { action: 'servicebus/send', scope: `servicebus/queues/silo-${SILO}` },
  { action: 'servicebus/receive', scope: 'servicebus/queues/updates' },
  { action: 'servicebus/receive', scope: 'servicebus/queues/signals' },
  { action: 'blob/read', scope: `blob/${ACCOUNT}/*` },
  { action: 'keys/read', scope: `keyvault/${VAULT}/*` },
  { action: 'keys/unwrap', scope: `keyvault/${VAULT}/*` },
];

export type AgentCloud = Awaited<ReturnType<typeof startAgentCloud>>;

export async function startAgentCloud() {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-agent-cloud-'));
  const tls = await ensureTlsMaterial(join(dataDir, 'tls'));
  const distrust = trustLocalCa(tls.caPem);
  const identity = await startIdentity({ port: 0, dataDir });
  const faults = createFaultPlan();
  const { verify, authorize } = identity;
  const common = { dataDir, tls, verify, authorize, faults };
  const authority = `https://login.microsoftonline.com/${identity.tenantId}`;
  const vault = await startKeyVault({ ...common, port: 0, vault: VAULT, authority });
  const blob = await startBlob({ ...common, port: 0, accounts: [ACCOUNT] });
  let bus = await startServiceBus({ ...common, port: 0, websocketPort: 0 });

  for (const name of [`silo-${SILO}`, 'updates', 'signals'])
    await bus.ensureQueue({ name, lockDurationMs: 5_000 });
  await blob.ensureContainer(ACCOUNT, `updates-${SILO}`, { versioning: true });
  const kek = await vault.ensureKey('kek', { kty: 'RSA', size: 3072, ops: ['wrapKey', 'unwrapKey'] });
  const sig = await vault.ensureKey('sig', { kty: 'EC', curve: 'P-256', ops: ['sign', 'verify'] });
  for (const name of ['agent', 'stranger', 'coordinator']) await identity.ensureIdentity({ name });
  await identity.setGrants('agent', siloGrants({ updatesAccount: ACCOUNT }, SILO, VAULT));
  await identity.setGrants('coordinator', coordinatorSide);
  const headers = new Map<string, string>();
  for (const name of ['agent', 'stranger', 'coordinator']) {
    headers.set(name, (await identity.ensureWorkload({ name, identities: [name] })).header);
  }

  function credential(name: string): TokenCredential {
    return {
      async getToken(scopes): Promise<AccessToken> {
        const resource = [scopes].flat()[0]?.replace(/\/\.default$/, '') ?? '';
        const query = new URLSearchParams({ 'api-version': '2019-08-01', resource });
        const response = await fetch(`${identity.managedIdentityEndpoint}?${query.toString()}`, {
          headers: { 'X-IDENTITY-HEADER': headers.get(name) ?? '' },
        });
        const body = (await response.json()) as { access_token: string; expires_on: string };
        return { token: body.access_token, expiresOnTimestamp: Number(body.expires_on) * 1_000 };
      },
    };
  }
  let client = new ServiceBusClient(bus.endpoint, credential('coordinator'));
  const bundle = await bundleAgent();

  return {
    credential,
    faults,
    vault,
    kek,
    sig,
    account: blob.accountUrl(ACCOUNT),
    bus: () => bus,
    /** Environment of a process that has the identity `name` and nothing else. */
    environment: (name: string) => ({
      PATH: process.env['PATH'] ?? '',
      IDENTITY_ENDPOINT: identity.managedIdentityEndpoint,
      IDENTITY_HEADER: headers.get(name) ?? '',
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
      NODE_EXTRA_CA_CERTS: tls.caFile,
    }),
    bundle,
    containerClient: () =>
      new BlobServiceClient(blob.accountUrl(ACCOUNT), credential('coordinator')).getContainerClient(
        `updates-${SILO}`,
      ),
    async send(body: unknown): Promise<void> {
      const sender = client.createSender(`silo-${SILO}`);
      await sender.sendMessages({ body, contentType: 'application/json' });
      await sender.close();
    },
    /** Takes what is there, and waits for at least one for some seconds. */
    async take(queue: 'updates' | 'signals'): Promise<unknown[]> {
      const receiver = client.createReceiver(queue, { receiveMode: 'receiveAndDelete' });
      const messages = await receiver.receiveMessages(50, { maxWaitTimeInMs: 2_000 });
      await receiver.close();
      return messages.map(({ body }) => body as unknown);
    },
    async restartBus(whileDown: () => Promise<void>): Promise<void> {
      const { port, websocketPort = 0 } = bus;
      await client.close();
      await bus.close();
      await whileDown();
      bus = await startServiceBus({ ...common, port, websocketPort });
      client = new ServiceBusClient(bus.endpoint, credential('coordinator'));
    },
    async close(): Promise<void> {
      await client.close();
      await bus.close();
      await blob.close();
      await vault.close();
      await identity.close();
      distrust();
      await rm(bundle, { force: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The agent's entry as a file that plain Node runs, where its packages resolve. */
async function bundleAgent(): Promise<string> {
  const outfile = resolve(`node_modules/.cache/tributary-tests/agent-${process.pid}.mjs`);
  await build({
    entryPoints: [resolve(import.meta.dirname, '../../../agent/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}

export interface AgentProcess {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Exit code and signal. */
  ended(): Promise<[number | null, NodeJS.Signals | null]>;
}

export interface SiloOnDisk {
  readonly directory: string;
  readonly configFile: string;
  start(options?: { args?: string[]; identity?: string; ipc?: boolean }): AgentProcess;
  trainings(): Promise<string[]>;
}

/** A silo.yaml for this cloud and this coordinator, and how to start agents with it. */
export async function siloOnDisk(
  cloud: AgentCloud,
  coordinator: CoordinatorPeer,
  options: { trainer?: string; pin?: string; webSocket?: boolean } = {},
): Promise<SiloOnDisk> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-silo-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const configFile = join(directory, 'silo.yaml');
  const bus = cloud.bus();
  const namespace = options.webSocket ? `localhost:${bus.websocketPort}` : bus.endpoint;
  const command = JSON.stringify([process.execPath, trainerPath(options.trainer ?? 'add-step')]);
  await writeFile(join(directory, 'trainings.txt'), '');
  await writeFile(
    configFile,
    `silo: ${SILO}
coordinator: { url: "${coordinator.url}", audience: "api://tributary", planSigningThumbprint: "${options.pin ?? coordinator.jkt}" }
serviceBus: { namespace: "${namespace}", webSocket: ${options.webSocket ?? false} }
updates: { account: "${cloud.account}" }
keys: { kek: "${cloud.kek.kid}", sig: "${cloud.sig.kid}", verifyChallenge: false }
data: .
training: { command: ${command}, timeoutSeconds: 60 }
`,
  );
  return {
    directory,
    configFile,
    start({ args = [], identity = 'agent', ipc = false } = {}) {
      const child = spawn(process.execPath, [cloud.bundle, '--config', configFile, ...args], {
        env: cloud.environment(identity),
        stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
      });
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      child.stderr?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      // Not `close`, which never comes once this side has cut the channel between the two.
      const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
      const read = [child.stdout, child.stderr].flatMap((stream) =>
        stream === null ? [] : [once(stream, 'end')],
      );
      onTestFinished(async () => {
        child.kill('SIGKILL');
        await exit;
      });
      return {
        child,
        output: () => output,
        ended: async () => {
          await Promise.all(read);
          return exit;
        },
      };
    },
    async trainings() {
      return (await readFile(join(directory, 'trainings.txt'), 'utf8')).split('\n').filter(Boolean);
    },
  };
}
