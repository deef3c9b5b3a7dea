/** The Cosmos DB services that the suite can be run against; TRIBUTARY_CONFORMANCE chooses. */
import { randomUUID } from 'node:crypto';
import { type Container, CosmosClient, type CosmosClientOptions } from '@azure/cosmos';
import { afterAll, beforeAll } from 'vitest';
import type { FaultPlan } from '../../../local/core/faults.ts';
import { cosmosUnderTest, DATABASE } from '../../local/cosmos/cosmos-under-test.ts';
import { type RawResponse, rawRequest } from '../../local/cosmos/raw-request.ts';
import { backendName, conformance, operationLog, requireSetting } from '../conform.ts';

interface RunningCosmos {
  readonly database: string;
  client(options?: Partial<CosmosClientOptions>): CosmosClient;
  /** Makes a container with the partition key `/pk`. */
  ensureContainer(name: string, defaultTtlSeconds?: number): Promise<void>;
  /** Where a token of the tests is good for plain requests. */
  get?(path: string): Promise<RawResponse>;
  close(): Promise<void>;
}

/** Starts the chosen backend around the file's tests. */
export function cosmosSuite() {
  const log = operationLog();
  let running: RunningCosmos | undefined;
  beforeAll(async () => {
    running = backendName() === 'embedded' ? await startEmbedded(log.faults) : await connect();
  });
  afterAll(() => running?.close());
  const current = (): RunningCosmos => {
    if (running === undefined) throw new Error('the backend has not started');
    return running;
  };
  return {
    conform: conformance(log, backendName() === 'embedded' ? [] : ['requests without the client']),
    client: (options?: Partial<CosmosClientOptions>) => current().client(options),
    database: () => current().client().database(current().database),
    async get(path: string): Promise<RawResponse> {
      const answer = await current().get?.(path);
      if (answer === undefined) throw new Error('this backend takes no plain requests');
      return answer;
    },
    /** A container of the test's own. */
    async container(name: string, defaultTtlSeconds?: number): Promise<Container> {
      await current().ensureContainer(name, defaultTtlSeconds);
      return current().client().database(current().database).container(name);
    },
  };
}

async function startEmbedded(faults: FaultPlan): Promise<RunningCosmos> {
  const cosmos = await cosmosUnderTest({ faults });
  return {
    database: DATABASE,
    client: (options) => cosmos.client('owner', options),
    ensureContainer: async (name, ttl) => void (await cosmos.container(name, ttl)),
    get: (path) => rawRequest(cosmos, { path }),
    close: () => cosmos.stop(),
  };
}

/** An account by its key, since only a key may make containers; all goes into one database, removed at the end. */
async function connect(): Promise<RunningCosmos> {
  const endpoint = requireSetting('TRIBUTARY_CONFORMANCE_COSMOS_ENDPOINT');
  const key = requireSetting('TRIBUTARY_CONFORMANCE_COSMOS_KEY');
  const database = `conformance-${randomUUID()}`;
  const clients: CosmosClient[] = [];
  const client = (options: Partial<CosmosClientOptions> = {}) => {
    const made = new CosmosClient({ endpoint, key, ...options });
    clients.push(made);
    return made;
  };
  await client().databases.create({ id: database });
  return {
    database,
    client,
    async ensureContainer(id, defaultTtl) {
      const ttl = defaultTtl === undefined ? {} : { defaultTtl };
      await client()
        .database(database)
        .containers.createIfNotExists({ id, partitionKey: '/pk', ...ttl });
    },
    async close() {
      await client().database(database).delete();
      for (const made of clients) made.dispose();
    },
  };
}
