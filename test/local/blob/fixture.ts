import { request as httpsRequest } from 'node:https';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { onTestFinished } from 'vitest';
import { type BlobService, type BlobServiceOptions, startBlob } from '../../../local/blob/blob-service.ts';
import { type Principal, TokenRejected } from '../../../local/core/principal.ts';
import { ensureTlsMaterial, type TlsMaterial } from '../../../local/core/tls.ts';
import { covers, type DataAction, type Grant } from '../../../shared/domain/access.ts';
import { temporaryDirectory } from '../core/temporary-directory.ts';
import { trustLocalCa } from '../trust.ts';
import { ACCOUNT } from './account.ts';

export { ACCOUNT } from './account.ts';
export const TENANT = '11111111-1111-4111-8111-111111111111';
const ALL_ACTIONS: readonly DataAction[] = [
  'blob/read',
  'blob/list',
  'blob/create',
  'blob/write',
  'blob/delete',
  'blob/delegate',
];

export interface TestBlob {
  readonly service: BlobService;
  readonly tls: TlsMaterial;
  readonly dataDir: string;
  /** Who may do what; change it at any time. `owner` may do all. */
  readonly grants: Map<string, Grant[]>;
  /** Added to the real time, milliseconds. */
  clock: { ahead: number };
  client(who: string): BlobServiceClient;
  container(name: string, who?: string): ContainerClient;
  restart(): Promise<void>;
}

export function objectIdOf(who: string): string {
  return `00000000-0000-4000-8000-${Buffer.from(who.padEnd(6, '_').slice(0, 6)).toString('hex')}`;
}

/** The service under test on a free port, with tokens that are the names of identities. */
export async function startTestBlob(
  options: Partial<Pick<BlobServiceOptions, 'faults' | 'compactAbove' | 'idleTimeoutMs'>> = {},
): Promise<TestBlob> {
  const dataDir = await temporaryDirectory();
  const tls = await ensureTlsMaterial(dataDir);
  onTestFinished(trustLocalCa(tls.caPem));
  const grants = new Map<string, Grant[]>([
    ['owner', ALL_ACTIONS.map((action) => ({ action, scope: `blob/${ACCOUNT}/*` }))],
  ]);
  const clock = { ahead: 0 };
  const start = (port: number): Promise<BlobService> =>
    startBlob({
      port,
      dataDir,
      tls,
      accounts: [ACCOUNT],
      now: () => Date.now() + clock.ahead,
      verify: async (token, audience) => verifyName(token, audience),
      authorize: (principal, action, scope) =>
        [...grants].some(
          ([who, held]) =>
            objectIdOf(who) === principal.objectId && held.some((grant) => covers(grant, action, scope)),
        ),
      ...options,
    });
  let service = await start(0);
  onTestFinished(() => service.close());
  const client = (who: string): BlobServiceClient =>
    new BlobServiceClient(service.accountUrl(ACCOUNT), credentialOf(who), { retryOptions: { maxTries: 1 } });
  return {
    get service() {
      return service;
    },
    tls,
    dataDir,
    grants,
    clock,
    client,
    container: (name, who = 'owner') => client(who).getContainerClient(name),
    async restart() {
      await service.close();
      service = await start(service.port);
    },
  };
}

export function credentialOf(who: string) {
  return { getToken: async () => ({ token: `token-${who}`, expiresOnTimestamp: Date.now() + 3600_000 }) };
}

function verifyName(token: string, audience: string): Principal {
  if (audience !== 'https://storage.azure.com') throw new TokenRejected('audience', 'wrong audience');
  const who = /^token-([a-z-]+)$/.exec(token)?.[1];
  if (who === undefined) throw new TokenRejected('malformed', 'no token of this test');
  const objectId = objectIdOf(who);
  return {
    objectId,
    clientId: who,
    tenantId: TENANT,
    name: who,
    roles: [],
    expiresAt: Date.now() + 3600_000,
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** One request as it is, for what the SDK never sends. */
export function rawRequest(
  { service, tls }: TestBlob,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        host: '127.0.0.1',
        port: service.port,
        method,
        path,
        ca: tls.caPem,
        headers: {
          'x-ms-version': '2026-04-06',
          'content-length': String(Buffer.byteLength(body)),
          ...headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** For `expect.poll`: ends early when it is met, and a busy machine has the time it needs. */
export const PATIENT = { timeout: 15_000 };

export const OWNER = { authorization: 'Bearer token-owner' };

/** Status and error code of a refusal, as `409 BlobAlreadyExists`; `ok` when there was none. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (!(error instanceof Error) || !('statusCode' in error)) throw error;
    const { statusCode } = error;
    const code = 'code' in error ? error.code : undefined;
    return `${String(statusCode)} ${String(code)}`;
  }
}
