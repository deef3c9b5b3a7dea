import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Authorize } from '../core/authorizer.ts';
import type { FaultPlan } from '../core/faults.ts';
import { startHttpService } from '../core/http-service.ts';
import { crashFromPlan } from '../core/log-crash.ts';
import type { VerifyToken } from '../core/principal.ts';
import type { TlsMaterial } from '../core/tls.ts';
import { blobHandler, operationNameOf } from './blob-handler.ts';
import { openCatalog } from './catalog.ts';
import { openDelegationKeys } from './delegation-keys.ts';
import { openExtentStore } from './extent-store.ts';
import { isAccountName, isContainerName } from './names.ts';
import { expireStagedBlocks } from './staged-block-expiry.ts';
import { etagOf } from './version-clock.ts';

export interface BlobServiceOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The service keeps all it has in `blob` under this directory and resumes what it finds there. */
  readonly dataDir: string;
  readonly tls: Pick<TlsMaterial, 'certPem' | 'keyPem'>;
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  readonly accounts: readonly string[];
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Faults for tests; the service is `blob`, operations have Azure's names (`Put Blob`, `Get Blob`, …). */
  readonly faults?: FaultPlan;
  /** Told about errors that became a 500. Default: stderr. */
  readonly report?: (error: unknown) => void;
  /** Milliseconds after which a connection with a request under way and no byte moving is cut. Default two minutes. */
  readonly idleTimeoutMs?: number;
  /** Bytes of the catalog's log under which it is never rewritten. */
  readonly compactAbove?: number;
}

export interface BlobService {
  /** `https://127.0.0.1:{port}` */
  readonly endpoint: string;
  readonly port: number;
  accountUrl(account: string): string;
  /**
   * Makes the container unless it exists. Versioning (default off) is decided at creation: throws when it
   * is asked for the other way later.
   */
  ensureContainer(account: string, name: string, options?: { versioning?: boolean }): Promise<void>;
  /** Drops uncommitted blocks older than a week, which also happens at start and every hour. Gives the number of blobs. */
  expireStagedBlocks(): Promise<number>;
  close(): Promise<void>;
}

const SWEEP_INTERVAL_MS = 3600_000;
const IDLE_TIMEOUT_MS = 120_000;

export async function startBlob(options: BlobServiceOptions): Promise<BlobService> {
  const { verify, authorize, now = Date.now, faults, report } = options;
  for (const account of options.accounts) {
    if (!isAccountName(account))
      throw new Error(`'${account}' is no storage account name: 3 to 24 of a-z and 0-9`);
  }
  const directory = join(options.dataDir, 'blob');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keys = await openDelegationKeys(directory);
  const extents = await openExtentStore(join(directory, 'extents'));
  const catalog = await openCatalog(directory, extents, options.compactAbove, crashFromPlan(faults, 'blob'));
  await extents.removeOrphans();
  await expireStagedBlocks(catalog, now());
  const { idleTimeoutMs = IDLE_TIMEOUT_MS } = options;
  const http = await startHttpService({
    port: options.port,
    tls: options.tls,
    handle: blobHandler({ verify, authorize, keys, now, catalog, extents, idleTimeoutMs }),
    ...(faults === undefined
      ? {}
      : { faults: { plan: faults, service: 'blob', operationOf: operationNameOf } }),
    ...(report === undefined ? {} : { report }),
  }).catch(async (error: unknown) => {
    await catalog.close();
    throw error;
  });
  const sweep = setInterval(() => {
    expireStagedBlocks(catalog, now()).catch((error: unknown) => report?.(error));
  }, SWEEP_INTERVAL_MS);
  sweep.unref();
  const endpoint = `https://127.0.0.1:${http.port}`;

  return {
    endpoint,
    port: http.port,
    accountUrl: (account) => `${endpoint}/${account}`,
    async ensureContainer(account, name, { versioning } = {}) {
      if (!options.accounts.includes(account)) throw new Error(`there is no storage account '${account}'`);
      if (!isContainerName(name)) throw new Error(`'${name}' is no container name`);
      await catalog.exclusively(account, name, '', async () => {
        const existing = catalog.container(account, name)?.container;
        if (existing === undefined) {
          const modified = now();
          const value = {
            account,
            name,
            versioning: versioning === true,
            etag: etagOf(catalog.nextTick(modified)),
            modified,
          };
          await catalog.commit({ kind: 'container', value });
        } else if (versioning !== undefined && existing.versioning !== versioning) {
          throw new Error(
            `container '${name}' exists ${existing.versioning ? 'with' : 'without'} versioning`,
          );
        }
      });
    },
    expireStagedBlocks: () => expireStagedBlocks(catalog, now()),
    async close() {
      clearInterval(sweep);
      await http.close();
      await catalog.close();
      await extents.close();
    },
  };
}
