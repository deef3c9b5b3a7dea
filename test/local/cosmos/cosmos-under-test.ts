import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Container, CosmosClient, type CosmosClientOptions } from '@azure/cosmos';
import type { Authorize } from '../../../local/core/authorizer.ts';
import { ensureTlsMaterial, type TlsMaterial } from '../../../local/core/tls.ts';
import { type CosmosOptions, type CosmosService, startCosmos } from '../../../local/cosmos/start-cosmos.ts';
import { covers, type Grant } from '../../../shared/domain/access.ts';
import { DATABASE, verifyTestToken } from './test-identity.ts';

export { DATABASE };

export interface CosmosUnderTest {
  readonly service: CosmosService;
  readonly dataDir: string;
  readonly tls: TlsMaterial;
  /** A client that speaks for `objectId`; `owner` may do everything. */
  client(objectId?: string, options?: Partial<CosmosClientOptions>): CosmosClient;
  /** A fresh container with partition key `/pk`. */
  container(name: string, defaultTtlSeconds?: number): Promise<Container>;
  /** Stops the service and starts it anew on the same files and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function cosmosUnderTest(
  options: Partial<CosmosOptions> & { readonly grants?: Readonly<Record<string, readonly Grant[]>> } = {},
): Promise<CosmosUnderTest> {
  const { grants, ...overrides } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'cosmos-'));
  const tls = await ensureTlsMaterial(join(dataDir, 'tls'));
  const authorize: Authorize = ({ objectId }, action, scope) =>
    objectId === 'owner' || (grants?.[objectId] ?? []).some((grant) => covers(grant, action, scope));
  const start = (port: number) =>
    startCosmos({ port, dataDir, tls, verify: verifyTestToken, authorize, ...overrides });
  let service = await start(0);
  const agent = new Agent({ ca: tls.caPem, keepAlive: true });
  const clients: CosmosClient[] = [];

  function client(objectId = 'owner', more: Partial<CosmosClientOptions> = {}): CosmosClient {
    const made = connect(service.endpoint, agent, objectId, more);
    clients.push(made);
    return made;
  }
  return {
    get service() {
      return service;
    },
    dataDir,
    tls,
    client,
    async container(name, defaultTtlSeconds) {
      await service.ensureContainer({
        database: DATABASE,
        name,
        partitionKeyPath: '/pk',
        ...(defaultTtlSeconds === undefined ? {} : { defaultTtlSeconds }),
      });
      return client().database(DATABASE).container(name);
    },
    async restart() {
      await service.close();
      service = await start(service.port);
    },
    async stop() {
      for (const made of clients) made.dispose();
      agent.destroy();
      await service.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export function connect(
  endpoint: string,
  agent: Agent,
  objectId = 'owner',
  more: Partial<CosmosClientOptions> = {},
): CosmosClient {
  return new CosmosClient({
    endpoint,
    agent,
    aadCredentials: {
      getToken(scopes) {
        const audience = String(scopes).replace(/\/?\/\.default$/, '');
        return Promise.resolve({
          token: `${objectId}|${audience}`,
          expiresOnTimestamp: Date.now() + 3_600_000,
        });
      },
    },
    ...more,
  });
}

/** How `work` was refused; fails when it was not. */
export async function refusal(
  work: Promise<unknown>,
): Promise<{ code: unknown; message: string; error: unknown }> {
  try {
    await work;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    return { code, message: String(message), error };
  }
  throw new Error('was not refused');
}
