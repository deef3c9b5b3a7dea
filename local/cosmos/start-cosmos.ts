import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authorize } from '../core/authorizer.ts';
import type { FaultPlan } from '../core/faults.ts';
import { BodyTooLarge, readBody, startHttpService } from '../core/http-service.ts';
import { crashFromPlan } from '../core/log-crash.ts';
import type { VerifyToken } from '../core/principal.ts';
import type { TlsMaterial } from '../core/tls.ts';
import { authenticate, requireAction, requireRight } from './access.ts';
import { type Answer, failureAnswer, sendAnswer } from './answer.ts';
import type { BatchOperation } from './batch.ts';
import { type ContainerSpec, openCosmosStore } from './cosmos-store.ts';
import { badRequest, CosmosFailure, tooLarge } from './failure.ts';
import { answerItems } from './item-answers.ts';
import { parseJsonBody } from './json-body.ts';
import { answerMetadata } from './metadata-answers.ts';
import { identifyOperation, isMetadata, type RequestHead } from './operation.ts';
import { createRequestUnits } from './request-units.ts';
import { MAX_ITEM_BYTES } from './stamp-item.ts';

export interface CosmosOptions {
  /** 0 takes a free one. The endpoint is the tokens' audience, so it should stay the same. */
  readonly port: number;
  /** The service keeps its files in `cosmos/` under it. */
  readonly dataDir: string;
  readonly tls: Pick<TlsMaterial, 'certPem' | 'keyPem'>;
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  /** Epoch milliseconds. Default: the machine's clock. */
  readonly now?: () => number;
  /** Milliseconds between sweeps of expired items. Default 5 s; 0 for none. */
  readonly sweepEveryMs?: number;
  /** Bytes under which the log is not rewritten. */
  readonly compactAbove?: number;
  /** Provisioned throughput: past it requests are refused with 429. Default: without limit. */
  readonly requestUnitsPerSecond?: number;
  /** Faults for tests; operations are named as in operation.ts, for example `items/create`. */
  readonly faults?: FaultPlan;
}

export interface CosmosService {
  /** `https://127.0.0.1:PORT`, also the audience of its tokens. */
  readonly endpoint: string;
  readonly port: number;
  /** Creates database and container when missing; takes over a changed TTL. */
  ensureContainer(spec: ContainerSpec): Promise<void>;
  close(): Promise<void>;
}

/** Serves the data plane of Cosmos DB for NoSQL over HTTPS, from what it finds in `dataDir`. */
export async function startCosmos(options: CosmosOptions): Promise<CosmosService> {
  const { verify, authorize, now = Date.now, faults } = options;
  const store = await openCosmosStore({
    dataDir: options.dataDir,
    now,
    ...(options.compactAbove === undefined ? {} : { compactAbove: options.compactAbove }),
    ...crashFromPlan(faults, 'cosmos'),
  });
  const units = createRequestUnits(options.requestUnitsPerSecond, now);
  let endpoint = '';

  async function answer(request: IncomingMessage): Promise<Answer> {
    const principal = await authenticate(request.headers.authorization, verify, endpoint);
    const head = readHead(request);
    const operation = identifyOperation(head);
    requireRight(principal, operation, authorize);
    const body = await readJson(request);
    const paging = { maxItemCount: readItemCount(head), continuation: head.header('x-ms-continuation') };
    if (isMetadata(operation)) {
      return answerMetadata(operation, { store, endpoint, now: now(), body, ...paging });
    }
    units.admit();
    const permitBatch = (operations: readonly BatchOperation[]): void => {
      const reads = operations.some(({ kind }) => kind === 'Read');
      const writes = operations.some(({ kind }) => kind !== 'Read');
      if (reads) requireAction(principal, 'cosmos/read', operation, authorize);
      if (writes) requireAction(principal, 'cosmos/write', operation, authorize);
    };
    const answered = await answerItems(operation, { store, head, now, body, permitBatch, ...paging });
    units.spend(Number(answered.headers['x-ms-request-charge']));
    return answered;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const activityId = header(request, 'x-ms-activity-id');
    try {
      sendAnswer(response, await answer(request), activityId);
    } catch (error) {
      if (!(error instanceof CosmosFailure)) throw error;
      // What was not read of the body would be taken for the next request.
      const rest = request.complete ? {} : { connection: 'close' };
      const refusal = failureAnswer(error);
      sendAnswer(response, { ...refusal, headers: { ...refusal.headers, ...rest } }, activityId);
    }
  }

  const http = await startHttpService({
    port: options.port,
    tls: options.tls,
    handle,
    ...(faults === undefined ? {} : { faults: { plan: faults, service: 'cosmos', operationOf } }),
  }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  endpoint = `https://127.0.0.1:${http.port}`;
  const stopSweeping = sweepRegularly(() => store.sweep(), options.sweepEveryMs ?? 5000);
  return {
    endpoint,
    port: http.port,
    ensureContainer: (spec) => store.ensureContainer(spec),
    async close() {
      await stopSweeping();
      await http.close();
      await store.close();
    },
  };
}

function readHead(request: IncomingMessage): RequestHead {
  const [path = ''] = (request.url ?? '').split('?');
  try {
    const segments = path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
    return { method: request.method ?? '', segments, header: (name) => header(request, name) };
  } catch {
    throw badRequest('The address is not valid.');
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function readJson(request: IncomingMessage): ReturnType<typeof readOptionalJson> {
  try {
    return await readOptionalJson(request);
  } catch (error) {
    if (error instanceof BodyTooLarge) throw tooLarge('The request');
    throw error;
  }
}

async function readOptionalJson(request: IncomingMessage) {
  const bytes = await readBody(request, MAX_ITEM_BYTES);
  return bytes.length === 0 ? undefined : parseJsonBody(bytes);
}

function readItemCount(head: RequestHead): number | undefined {
  const text = head.header('x-ms-max-item-count');
  if (text === undefined) return undefined;
  if (!/^(?:-1|\d{1,9})$/.test(text)) throw badRequest('x-ms-max-item-count must be a whole number or -1.');
  return Number(text);
}

function operationOf(request: IncomingMessage): string {
  try {
    return identifyOperation(readHead(request)).name;
  } catch {
    return 'refused';
  }
}

/** Gives the stopping, which waits for a sweep under way. */
function sweepRegularly(sweep: () => Promise<void>, everyMs: number): () => Promise<void> {
  if (everyMs === 0) return () => Promise.resolve();
  let sweeping: Promise<void> | undefined;
  const timer = setInterval(() => {
    // Items stay invisible when a sweep fails; the next one tries again.
    sweeping ??= sweep()
      .catch(() => undefined)
      .finally(() => {
        sweeping = undefined;
      });
  }, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}
