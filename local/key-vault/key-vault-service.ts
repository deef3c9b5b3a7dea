import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Authorize } from '../core/authorizer.ts';
import { isOutOfSpace } from '../core/disk-full.ts';
import type { FaultPlan } from '../core/faults.ts';
import { BodyTooLarge, readBody, reportToStderr, startHttpService } from '../core/http-service.ts';
import { type Principal, TokenRejected, type VerifyToken } from '../core/principal.ts';
import { type AuditLine, openAuditLog } from './audit-log.ts';
import type { KeyOperation, PublicJwk } from './key-record.ts';
import { REQUIRED_ACTIONS, routeOperation, type Target } from './operation.ts';
import { createSigningThread, type SigningThread } from './signing-thread.ts';
import { openVault } from './vault.ts';
import { badParameter, forbidden, VaultError } from './vault-error.ts';

export interface KeyVaultOptions {
  /** 0 takes a free one; but key ids hold the port, so a vault that is started again needs the same. */
  readonly port: number;
  /** The vault's name, which scopes of grants hold: `keyvault/{vault}/keys/{key}`. */
  readonly vault: string;
  readonly dataDir: string;
  readonly tls: { readonly certPem: string; readonly keyPem: string };
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  /** Where the challenge sends clients for a token: `https://login.microsoftonline.com/{tenant}`. */
  readonly authority: string;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  readonly faults?: FaultPlan;
  /** Shared by the vaults of one process; the caller closes it. Default: one of this vault's own. */
  readonly signing?: SigningThread;
  /** Told about errors that became a 500. Default: name and stack on stderr. */
  readonly report?: (error: unknown) => void;
}

interface WantedKey {
  readonly kty: 'RSA' | 'EC';
  /** Bits of an RSA key. Default 2048. */
  readonly size?: number;
  /** Curve of an EC key. Default P-256. */
  readonly curve?: 'P-256' | 'P-384';
  /** Default: all that the type has. */
  readonly ops?: readonly KeyOperation[];
}

export interface KeyVaultService {
  readonly endpoint: string;
  readonly port: number;
  /** Makes the key unless it exists; gives the id and public part of its latest version. */
  ensureKey(name: string, wanted: WantedKey): Promise<{ kid: string; jwk: PublicJwk & { kty: string } }>;
  /** Rotates the keys whose rotation policy asks for it by now; also done at start and every hour. */
  rotateDueKeys(): Promise<void>;
  /** Everything that was done in this vault, oldest first. */
  auditLines(): Promise<AuditLine[]>;
  close(): Promise<void>;
}

const KEY_VAULT_AUDIENCE = 'https://vault.azure.net';
const ROTATION_CHECK_MS = 3600_000;
const MAX_BODY_BYTES = 64 * 1024;
const API_VERSION = /^(7\.\d(-preview\.\d)?|\d{4}-\d{2}-\d{2}(-preview)?)$/;

/** Starts one vault; owns `{dataDir}/key-vault/{vault}`. */
export async function startKeyVault(options: KeyVaultOptions): Promise<KeyVaultService> {
  const { vault: vaultName, verify, authorize, authority, now = Date.now, report = reportToStderr } = options;
  if (!/^[a-zA-Z0-9-]{1,63}$/.test(vaultName)) throw new Error(`${vaultName} is not a name for a vault`);
  const directory = join(options.dataDir, 'key-vault', vaultName);
  const audit = await openAuditLog(join(directory, 'audit.jsonl'));
  const service = await startHttpService({
    port: options.port,
    tls: options.tls,
    handle: answer,
    ...(options.faults === undefined
      ? {}
      : { faults: { plan: options.faults, service: 'keyvault', operationOf } }),
  }).catch(async (error: unknown) => {
    await audit.close();
    throw error;
  });
  const endpoint = `https://127.0.0.1:${service.port}`;
  const signing = options.signing ?? createSigningThread();
  const closeSigning = () => (options.signing === undefined ? signing.close() : Promise.resolve());
  // The keys' ids hold the port, so they load after it is known; requests that come before wait for them.
  const opening = openVault(directory, endpoint, now, signing);
  const vault = await opening.catch(async (error: unknown) => {
    await service.close();
    await audit.close();
    throw error;
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = requestUrl(request);
    const target = url && routeOperation(request.method ?? '', url.pathname);
    let caller = '';
    let outcome: object | VaultError;
    try {
      const principal = await authenticate(request);
      caller = principal.objectId;
      outcome = await perform(request, principal, url, target);
    } catch (error) {
      outcome = asVaultError(error, report);
    }
    // Before the answer goes out. A request without a token only asks for the challenge: nobody did anything.
    if (target !== undefined && request.headers.authorization !== undefined) {
      // What cannot be noted down is not given away either.
      const line = { time: new Date(now()).toISOString(), caller, ...auditOf(target, outcome) };
      await audit.write(line).catch((error: unknown) => {
        outcome = asVaultError(error, report);
      });
    }
    if (outcome instanceof VaultError) sendRefusal(response, outcome, authority);
    else sendJson(response, 200, outcome);
  }

  async function authenticate(request: IncomingMessage): Promise<Principal> {
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      throw new VaultError(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer token.');
    }
    try {
      return await verify(token, KEY_VAULT_AUDIENCE);
    } catch (error) {
      if (!(error instanceof TokenRejected)) throw error;
      throw new VaultError(401, 'Unauthorized', `AKV10022: ${error.message}`, error.reason);
    }
  }

  async function perform(
    request: IncomingMessage,
    principal: Principal,
    url: URL | undefined,
    target: Target | undefined,
  ): Promise<object> {
    if (url === undefined || target === undefined) {
      throw new VaultError(404, 'NotFound', 'No operation has this method and path.');
    }
    if (!API_VERSION.test(url.searchParams.get('api-version') ?? '')) {
      throw badParameter('api-version must be specified');
    }
    if (target.name !== '' && !/^[0-9a-zA-Z-]{1,127}$/.test(target.name)) {
      throw badParameter('The request URI contains an invalid name');
    }
    const ready = await opening;
    requireAccess(principal, target, ready.nameOf(target.name));
    return ready.run(target, url, await readBody(request, MAX_BODY_BYTES));
  }

  /** Before anything is told about the key, its existence included. */
  function requireAccess(principal: Principal, { operation }: Target, name: string): void {
    const scope = `keyvault/${vaultName}/keys/${name === '' ? '*' : name}`;
    if (REQUIRED_ACTIONS[operation].some((action) => authorize(principal, action, scope))) return;
    throw forbidden(
      `Caller is not authorized to perform action on resource. Caller: oid=${principal.objectId} Action: ${operation}`,
      'ForbiddenByRbac',
    );
  }

  function auditOf(
    { operation, name, version }: Target,
    outcome: object,
  ): Omit<AuditLine, 'time' | 'caller'> {
    const key = keyIn(outcome, endpoint) ?? (version === '' ? name : `${name}/${version}`);
    const result = outcome instanceof VaultError ? (outcome.innerCode ?? outcome.code) : 'ok';
    return { operation, key, result };
  }

  async function rotateDueKeys(): Promise<void> {
    for (const key of await vault.rotateDue()) {
      const time = new Date(now()).toISOString();
      await audit.write({ time, operation: 'KeyRotate', key, caller: 'rotation-policy', result: 'ok' });
    }
  }
  let rotating = rotateDueKeys().catch(report);
  const rotation = setInterval(() => {
    rotating = rotating.then(rotateDueKeys).catch(report);
  }, ROTATION_CHECK_MS);
  rotation.unref();

  return {
    endpoint,
    port: service.port,
    rotateDueKeys,
    async ensureKey(name, { kty, size, curve, ops }) {
      const { kid, version } = await vault.ensure(name, {
        kty,
        key_size: size,
        crv: curve,
        key_ops: ops === undefined ? undefined : [...ops],
      });
      return { kid, jwk: { kty: version.kty, ...version.publicJwk } };
    },
    auditLines: () => audit.lines(),
    async close() {
      clearInterval(rotation);
      await rotating;
      await service.close();
      await closeSigning();
      await audit.close();
    },
  };
}

function requestUrl(request: IncomingMessage): URL | undefined {
  const base = `https://${request.headers.host ?? ''}`;
  return URL.canParse(request.url ?? '', base) ? new URL(request.url ?? '', base) : undefined;
}

function operationOf(request: IncomingMessage): string {
  const url = requestUrl(request);
  return (url && routeOperation(request.method ?? '', url.pathname)?.operation) ?? '';
}

/** The key version that an answer speaks of, as `name/version`. */
function keyIn(answer: object, endpoint: string): string | undefined {
  const holder =
    'key' in answer && typeof answer.key === 'object' && answer.key !== null ? answer.key : answer;
  if (!('kid' in holder) || typeof holder.kid !== 'string') return undefined;
  return holder.kid.slice(`${endpoint}/keys/`.length);
}

function asVaultError(error: unknown, report: (error: unknown) => void): VaultError {
  if (error instanceof VaultError) return error;
  if (error instanceof BodyTooLarge) return new VaultError(413, 'RequestEntityTooLarge', error.message);
  if (isOutOfSpace(error)) {
    return new VaultError(503, 'ServiceUnavailable', 'There is no room left on the disk of the vault.');
  }
  report(error);
  // With a body, since the SDK fails on an error that has none.
  return new VaultError(500, 'InternalServerError', 'An internal error has occurred.');
}

function sendRefusal(response: ServerResponse, refusal: VaultError, authority: string): void {
  const { status, code, message, innerCode } = refusal;
  if (status === 401) {
    const error = innerCode === undefined ? '' : ', error="invalid_token"';
    const challenge = `Bearer authorization="${authority}", resource="${KEY_VAULT_AUDIENCE}"${error}`;
    response.setHeader('www-authenticate', challenge);
  }
  const inner = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  sendJson(response, status, { error: { code, message, ...inner } });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-cache',
      'x-ms-request-id': randomUUID(),
    })
    .end(text);
}
