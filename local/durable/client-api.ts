/**
 * The Durable HTTP API over an engine: the same routes serve people and scripts (webhooks) and the SDK's client (rpc).
 * Transport, keys and body limits are the host's business.
 */
import { type ClientAddresses, managementUrls } from './client-binding.ts';
import type { DurableEngine } from './engine.ts';
import { hasEnded, type Instance } from './instance.ts';
import { instanceView } from './instance-view.ts';
import type { StartOutcome } from './management.ts';
import type { InstanceFilter } from './queries.ts';

export interface ApiRequest {
  readonly method: string;
  /** Decoded segments below the base. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly body: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; undefined sends no body. */
  readonly json?: unknown;
}

const flag = (query: URLSearchParams, name: string): boolean | undefined => {
  const text = query.get(name);
  return text === null ? undefined : text.toLowerCase() === 'true';
};

const bad = (message: string): ApiResponse => ({ status: 400, json: { Message: message } });

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export async function handleApi(
  engine: DurableEngine,
  addresses: ClientAddresses,
  request: ApiRequest,
): Promise<ApiResponse> {
  const [collection, name, operation, argument] = request.path;
  switch (collection?.toLowerCase()) {
    case 'orchestrators':
      return request.method === 'POST' && name
        ? create(engine, addresses, request, name, operation)
        : { status: 404 };
    case 'instances':
      if (!name) return many(engine, request);
      return operation
        ? act(engine, addresses, request, name, operation.toLowerCase(), argument)
        : one(engine, addresses, request, name);
    case 'entities':
      return { status: 501, json: { Message: 'not supported by the embedded host: entities' } };
    default:
      return { status: 404 };
  }
}

async function create(
  engine: DurableEngine,
  addresses: ClientAddresses,
  { body, query }: ApiRequest,
  name: string,
  instanceId: string | undefined,
): Promise<ApiResponse> {
  if (body !== '' && !isJson(body)) return bad('Invalid JSON content');
  const outcome = await engine.start({
    name,
    input: body === '' ? null : body,
    version: query.get('version') ?? '',
    ...(instanceId ? { instanceId } : {}),
  });
  const seconds = Number(query.get('timeout') ?? 0);
  if (outcome.kind === 'started' && seconds > 0) {
    const instance = await engine.waitForEnd(outcome.instanceId, Math.min(seconds, 230) * 1_000);
    if (instance && hasEnded(instance.status)) return finished(instance);
  }
  return started(outcome, addresses, name);
}

const finished = (instance: Instance): ApiResponse => ({
  status: instance.status === 'Failed' ? 500 : 200,
  json:
    instance.status === 'Completed' && instance.output !== null
      ? (JSON.parse(instance.output) as unknown)
      : instanceView(instance, { showInput: true, showHistoryOutput: false }),
});

function started(outcome: StartOutcome, addresses: ClientAddresses, name: string): ApiResponse {
  switch (outcome.kind) {
    case 'started': {
      const urls = managementUrls(addresses, encodeURIComponent(outcome.instanceId));
      return {
        status: 202,
        headers: { Location: urls['statusQueryGetUri'] ?? '', 'Retry-After': '10' },
        json: { ...urls, id: outcome.instanceId },
      };
    }
    case 'exists':
      return {
        status: 409,
        json: { Message: `An Orchestration instance with the status ${outcome.status} already exists.` },
      };
    case 'unknown-function':
      return bad(`The function '${name}' doesn't exist, is disabled, or is not an orchestrator function.`);
    case 'invalid-id':
      return bad('The instance id is not valid.');
  }
}

function one(
  engine: DurableEngine,
  addresses: ClientAddresses,
  request: ApiRequest,
  instanceId: string,
): Promise<ApiResponse> | ApiResponse {
  if (request.method === 'DELETE') return purged(engine.purge(instanceId));
  if (request.method !== 'GET') return { status: 404 };
  const instance = engine.status(instanceId);
  if (instance === undefined) return { status: 404 };
  const { query } = request;
  const json = instanceView(instance, {
    showInput: flag(query, 'showInput') ?? true,
    showHistoryOutput: flag(query, 'showHistoryOutput') ?? false,
    ...(flag(query, 'showHistory') ? { history: engine.history(instance) } : {}),
  });
  if (!hasEnded(instance.status)) {
    const location = managementUrls(addresses, encodeURIComponent(instanceId))['statusQueryGetUri'] ?? '';
    return { status: 202, headers: { Location: location, 'Retry-After': '5' }, json };
  }
  const asError = instance.status === 'Failed' && flag(query, 'returnInternalServerErrorOnFailure');
  return { status: asError ? 500 : 200, json };
}

const purged = async (count: Promise<number>): Promise<ApiResponse> => {
  const instancesDeleted = await count;
  return instancesDeleted === 0 ? { status: 404 } : { status: 200, json: { instancesDeleted } };
};

function filterOf(query: URLSearchParams): InstanceFilter | undefined {
  const from = query.get('createdTimeFrom');
  const to = query.get('createdTimeTo');
  const times = [from, to].map((text) => (text ? Date.parse(text) : 0));
  if (times.some(Number.isNaN)) return undefined;
  const statuses = query.get('runtimeStatus')?.split(',').filter(Boolean) ?? [];
  const prefix = query.get('instanceIdPrefix');
  return {
    ...(from ? { createdFrom: Date.parse(from) } : {}),
    ...(to ? { createdTo: Date.parse(to) } : {}),
    ...(statuses.length > 0 ? { statuses } : {}),
    ...(prefix ? { instanceIdPrefix: prefix } : {}),
  };
}

function many(engine: DurableEngine, request: ApiRequest): Promise<ApiResponse> | ApiResponse {
  const filter = filterOf(request.query);
  if (filter === undefined) return bad('createdTimeFrom or createdTimeTo is not a date');
  if (request.method === 'DELETE') {
    if (filter.createdFrom === undefined) return bad("Please provide value for 'createdTimeFrom' parameter.");
    return purged(engine.purgeBy(filter));
  }
  if (request.method !== 'GET') return { status: 404 };
  const top = Number(request.query.get('top') ?? 100);
  if (!Number.isInteger(top) || top < 1 || top > 1_000) return bad('top must be between 1 and 1000');
  const page = engine.list(filter, top, request.header('x-ms-continuation-token') || undefined);
  if (page === undefined) return bad('the continuation token is not valid');
  const showInput = flag(request.query, 'showInput') ?? false;
  return {
    status: 200,
    ...(page.continuation ? { headers: { 'x-ms-continuation-token': page.continuation } } : {}),
    json: page.instances.map((instance) => instanceView(instance, { showInput, showHistoryOutput: false })),
  };
}

const controlStatus = { accepted: 202, 'not-found': 404, ended: 410, 'not-failed': 412 } as const;

async function act(
  engine: DurableEngine,
  addresses: ClientAddresses,
  request: ApiRequest,
  instanceId: string,
  operation: string,
  argument: string | undefined,
): Promise<ApiResponse> {
  if (request.method !== 'POST') return { status: 404 };
  const reason = request.query.get('reason');
  switch (operation) {
    case 'raiseevent': {
      if (!argument) return { status: 404 };
      const ending = engine.status(instanceId);
      if (ending && hasEnded(ending.status)) return { status: 410 };
      if (!/^application\/json\b/i.test(request.header('content-type') ?? '')) {
        return bad('Only application/json request content is supported');
      }
      if (request.body !== '' && !isJson(request.body)) return bad('Invalid JSON content');
      const outcome = await engine.raiseEvent(instanceId, argument, request.body || null);
      return { status: controlStatus[outcome] };
    }
    case 'terminate':
      return { status: controlStatus[await engine.terminate(instanceId, reason)] };
    case 'suspend':
      return { status: controlStatus[await engine.suspend(instanceId, reason)] };
    case 'resume':
      return { status: controlStatus[await engine.resume(instanceId, reason)] };
    case 'rewind':
      return { status: controlStatus[await engine.rewind(instanceId, reason)] };
    case 'restart': {
      const sameId = flag(request.query, 'restartWithNewInstanceId') === false;
      const outcome = await engine.restart(instanceId, sameId);
      return outcome === 'not-found' ? { status: 404 } : started(outcome, addresses, instanceId);
    }
    default:
      return { status: 404 };
  }
}
