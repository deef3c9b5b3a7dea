/** The blob services that the suite can be run against; TRIBUTARY_CONFORMANCE chooses. */
import { randomUUID } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll } from 'vitest';
import { backendName, conformance, operationLog, requireSetting } from '../conform.ts';
import { type RawAnswer, rawHttps } from '../raw-https.ts';
import { startAzurite } from './azurite-process.ts';
import { startEmbeddedBlob } from './embedded-blob.ts';

export interface RunningBlob {
  readonly accountUrl: string;
  readonly accountName: string;
  readonly credential: TokenCredential;
  /** Of the server's certificate, where no public authority signed it. */
  readonly caPem?: string;
  /** The newest version of links that it understands. Default: the client's own. */
  readonly sasVersion?: string;
  ensureContainer(name: string, versioning: boolean): Promise<void>;
  close(): Promise<void>;
}

const lacks: Readonly<Record<string, readonly string[]>> = {
  embedded: [],
  azure: ['containers by provisioning only'],
  azurite: [
    'containers by provisioning only',
    'versions',
    'immutability',
    'address ranges of links',
    'verification of tokens',
  ],
};

/** Starts the chosen backend around the file's tests. */
export function blobSuite() {
  const log = operationLog();
  let running: RunningBlob | undefined;
  const made: ContainerClient[] = [];
  beforeAll(async () => {
    running = await start(log.faults);
  });
  afterAll(async () => {
    if (backendName() === 'azure') await Promise.allSettled(made.map((container) => container.delete()));
    await running?.close();
  });
  const current = (): RunningBlob => {
    if (running === undefined) throw new Error('the backend has not started');
    return running;
  };
  /** Speaks for an identity that may do everything. */
  const service = () =>
    new BlobServiceClient(current().accountUrl, current().credential, { retryOptions: { maxTries: 1 } });
  return {
    conform: conformance(log, lacks[backendName()] ?? []),
    current,
    service,
    /** A container of the test's own; in one with versions, its content may also be protected. */
    async freshContainer({ versioning = false, prefix = 'conf' } = {}): Promise<ContainerClient> {
      const name = `${prefix}-${randomUUID()}`;
      await current().ensureContainer(name, versioning);
      const container = service().getContainerClient(name);
      made.push(container);
      return container;
    },
    /** One request as it is, for what the client never sends; `path` starts behind the account. */
    async raw(
      method: string,
      path: string,
      headers: Readonly<Record<string, string>> = {},
      body = '',
    ): Promise<RawAnswer> {
      const { accountUrl, credential, caPem } = current();
      const token = await credential.getToken('https://storage.azure.com/.default');
      const own = {
        'x-ms-version': '2025-11-05',
        'content-length': String(Buffer.byteLength(body)),
        authorization: `Bearer ${token?.token ?? ''}`,
        ...headers,
      };
      return rawHttps(`${accountUrl}${path}`, { method, headers: own, body, ...(caPem && { caPem }) });
    },
  };
}

async function start(faults: Parameters<typeof startEmbeddedBlob>[0]): Promise<RunningBlob> {
  switch (backendName()) {
    case 'embedded':
      return startEmbeddedBlob(faults);
    case 'azurite':
      return startAzurite(requireSetting('TRIBUTARY_AZURITE'));
    case 'azure':
      return connectAzure(requireSetting('TRIBUTARY_CONFORMANCE_BLOB_URL'));
    default:
      throw new Error(`there is no blob backend named ${backendName()}`);
  }
}

/** A real account; for the tests of versions it needs versioning and version-level immutability. */
async function connectAzure(accountUrl: string): Promise<RunningBlob> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  const credential = new DefaultAzureCredential();
  const service = new BlobServiceClient(accountUrl, credential);
  return {
    accountUrl: accountUrl.replace(/\/$/, ''),
    accountName: service.accountName,
    credential,
    ensureContainer: async (name) => void (await service.getContainerClient(name).create()),
    close: async () => undefined,
  };
}
