import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceBusClient, type ServiceBusClientOptions } from '@azure/service-bus';
import { afterEach } from 'vitest';
import type { Authorize } from '../../../local/core/authorizer.ts';
import { type Principal, TokenRejected, type VerifyToken } from '../../../local/core/principal.ts';
import { ensureTlsMaterial, type TlsMaterial } from '../../../local/core/tls.ts';
import type { QueueDefinition } from '../../../local/service-bus/queue-definition.ts';
import {
  type ServiceBus,
  type ServiceBusOptions,
  startServiceBus,
} from '../../../local/service-bus/start-service-bus.ts';
import { covers, type Grant } from '../../../shared/domain/access.ts';
import { trustLocalCa } from '../../../test/local/trust.ts';

/** Tokens are `{name}|{expiry in epoch ms}`; the name is the identity. */
export const token = (name: string, expiresAt = Date.now() + 3_600_000): string => `${name}|${expiresAt}`;

export function verifierOf(now: () => number): VerifyToken {
  return async (text, audience) => {
    const [name = '', expiry] = text.split('|');
    if (expiry === undefined) throw new TokenRejected('malformed', 'no expiry');
    if (audience !== 'https://servicebus.azure.net') throw new TokenRejected('audience', 'wrong audience');
    if (name === 'forged') throw new TokenRejected('signature', 'bad signature');
    const expiresAt = Number(expiry);
    if (expiresAt <= now()) throw new TokenRejected('expired', 'the token has expired');
    return principalOf(name, expiresAt);
  };
}

function principalOf(name: string, expiresAt: number): Principal {
  return { objectId: name, clientId: name, tenantId: 'tenant', name, roles: [], expiresAt };
}

/** A table of grants by identity, which tests may change while the broker runs. */
export type Grants = Record<string, Grant[]>;

export const authorizerOf =
  (grants: Grants): Authorize =>
  (principal, action, scope) =>
    (grants[principal.objectId] ?? []).some((grant) => covers(grant, action, scope));

export const everything: Grant[] = [
  { action: 'servicebus/send', scope: 'servicebus/queues/*' },
  { action: 'servicebus/receive', scope: 'servicebus/queues/*' },
];

let material: TlsMaterial | undefined;

/** One set of certificates per test process, trusted by its clients. */
export async function testTls(): Promise<TlsMaterial> {
  if (material !== undefined) return material;
  const directory = await mkdtemp(join(tmpdir(), 'tributary-test-tls-'));
  material = await ensureTlsMaterial(directory);
  await rm(directory, { recursive: true, force: true });
  trustLocalCa(material.caPem);
  return material;
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});
export const atEnd = (cleanup: () => Promise<unknown>): void => void cleanups.push(cleanup);

export async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-test-bus-'));
  atEnd(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export type ClientOptions = ServiceBusClientOptions & { tokenOf?: () => string };

export interface Namespace {
  readonly bus: ServiceBus;
  readonly grants: Grants;
  /** A client that speaks for the identity; `tokenOf` may be replaced to control expiry. */
  readonly client: (identity?: string, options?: ClientOptions) => ServiceBusClient;
}

/** A broker with the queues asked for and an identity `admin` that may do everything. */
export async function startNamespace(
  queues: readonly QueueDefinition[],
  options: Partial<ServiceBusOptions> = {},
): Promise<Namespace> {
  const grants: Grants = { admin: everything };
  const bus = await startServiceBus({
    port: 0,
    dataDir: options.dataDir ?? (await freshDirectory()),
    tls: await testTls(),
    verify: verifierOf(options.now ?? Date.now),
    authorize: authorizerOf(grants),
    ...options,
  });
  atEnd(() => bus.close());
  for (const queue of queues) await bus.ensureQueue(queue);
  return { bus, grants, client: (identity, clientOptions) => connect(bus.endpoint, identity, clientOptions) };
}

export function connect(
  endpoint: string,
  identity = 'admin',
  { tokenOf, ...options }: ClientOptions = {},
): ServiceBusClient {
  const getToken = async () => ({
    token: tokenOf?.() ?? token(identity),
    expiresOnTimestamp: Date.now() + 3_600_000,
  });
  const client = new ServiceBusClient(
    endpoint,
    { getToken },
    {
      retryOptions: { maxRetries: 0, timeoutInMs: 10_000 },
      ...options,
    },
  );
  // Bounded: the client's close never settles when the connection is lost in the middle of it, as at a broker's end.
  atEnd(() => Promise.race([client.close(), sleep(1000)]));
  return client;
}
