/**
 * The HTTP API, typed. Every call here may be repeated without harm (creation carries an Idempotency-Key), so answers
 * that ask for patience and broken connections are retried within the call's time limit.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import {
  type ExperimentCreated,
  type ExperimentList,
  type ExperimentView,
  experimentCreated,
  experimentList,
  experimentView,
  type Health,
  health,
  type ModelView,
  modelList,
  modelView,
  requestAccepted,
  roundView,
  type SiloView,
  siloList,
  siloView,
  uploadedModel,
} from '../shared/contracts/api.ts';
import { problemError, timedOut, unreachable } from './api-errors.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { requireListener } from './require-listener.ts';

/** Where the API is and who calls it. */
export interface ApiAccess {
  /** Without `/api`. */
  readonly endpoint: string;
  /** An access token for the API, anew for each request. */
  readonly token: () => Promise<string>;
  /** Limit of one call, retries included. Default a minute. */
  readonly timeoutMs?: number;
}

const shownRound = roundView.extend({ attempts: z.int() });
export type ShownRound = z.infer<typeof shownRound>;
export type RequestAccepted = z.infer<typeof requestAccepted>;
export type UploadedModel = z.infer<typeof uploadedModel>;

/** Every method throws {@link CliError}. */
export interface ApiClient {
  readonly endpoint: string;
  health(): Promise<Health>;
  createExperiment(spec: unknown, idempotencyKey: string): Promise<ExperimentCreated>;
  listExperiments(page: { limit?: number; after?: string }): Promise<ExperimentList>;
  showExperiment(id: string): Promise<ExperimentView>;
  showRound(id: string, round: number, attempt?: number): Promise<ShownRound>;
  controlExperiment(id: string, verb: 'cancel' | 'suspend' | 'resume'): Promise<RequestAccepted>;
  listModels(id: string): Promise<ModelView[]>;
  showModel(id: string, version: string): Promise<ModelView>;
  /** The bytes, or a redirection to where they are. */
  modelContent(id: string, version: string): Promise<Response>;
  uploadModel(sha256: string, content: Uint8Array): Promise<UploadedModel>;
  registerSilo(registration: unknown): Promise<SiloView>;
  listSilos(): Promise<SiloView[]>;
  setSilo(id: string, verb: 'admit' | 'disable'): Promise<SiloView>;
  revokeSiloKey(id: string, jkt: string): Promise<SiloView>;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly anonymous?: boolean;
}

const defaultTimeoutMs = 60_000;
const busy = [429, 502, 503, 504];
const part = encodeURIComponent;

export function createApiClient(access: ApiAccess): ApiClient {
  const endpoint = access.endpoint.replace(/\/+$/, '');
  const timeoutMs = access.timeoutMs ?? defaultTimeoutMs;

  /** Who cannot reach the API at all should hear that first, not that there is no token for it. */
  async function tokenOrReason(): Promise<string> {
    try {
      return await access.token();
    } catch (error) {
      await requireListener(endpoint);
      throw error;
    }
  }

  async function attempt(call: Call, limit: AbortSignal): Promise<Response> {
    const headers = new Headers(call.headers);
    if (call.anonymous !== true) headers.set('authorization', `Bearer ${await tokenOrReason()}`);
    if (typeof call.body === 'string') headers.set('content-type', 'application/json');
    // The limit is for the answer to begin: a large body may take longer.
    const answered = new AbortController();
    const abort = (): void => answered.abort();
    limit.addEventListener('abort', abort, { once: true });
    try {
      return await fetch(`${endpoint}/api/${call.path}`, {
        method: call.method,
        headers,
        redirect: 'manual',
        signal: answered.signal,
        ...(call.body === undefined ? {} : { body: call.body }),
      });
    } finally {
      limit.removeEventListener('abort', abort);
    }
  }

  /** The first answer that does not ask for patience, or the last of all. */
  async function send(call: Call): Promise<Response> {
    const limit = AbortSignal.timeout(timeoutMs);
    for (let tries = 1; ; tries++) {
      let pause = 250 * 2 ** Math.min(tries, 5);
      try {
        const response = await attempt(call, limit);
        if (!busy.includes(response.status) || call.anonymous === true || tries >= 6) return response;
        const asked = Number(response.headers.get('retry-after'));
        if (Number.isFinite(asked) && asked > 0) pause = asked * 1_000;
        await response.body?.cancel();
      } catch (error) {
        if (error instanceof CliError) throw error;
        if (limit.aborted) throw timedOut(endpoint, timeoutMs);
        if (!wasCutOff(error) || tries >= 4) throw unreachable(endpoint, error);
      }
      try {
        await sleep(pause, undefined, { signal: limit });
      } catch {
        throw timedOut(endpoint, timeoutMs);
      }
    }
  }

  async function expect<T>(shape: z.ZodType<T>, call: Call, accepted: readonly number[] = []): Promise<T> {
    const response = await send(call);
    if (!response.ok && !accepted.includes(response.status)) throw await problemError(response, endpoint);
    const parsed = shape.safeParse(await response.json().catch(() => undefined));
    if (!parsed.success) throw notOurs(endpoint);
    return parsed.data;
  }

  const experiment = (id: string, rest = ''): string => `experiments/${part(id)}${rest}`;
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Call => ({
    method: 'POST',
    path,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const get = (path: string): Call => ({ method: 'GET', path });

  return {
    endpoint,
    health: () => expect(health, { ...get('health'), anonymous: true }, [503]),
    createExperiment: (spec, key) =>
      expect(experimentCreated, post('experiments', spec, { 'idempotency-key': key })),
    listExperiments: (page) => expect(experimentList, get(`experiments?${queryOf(page)}`)),
    showExperiment: (id) => expect(experimentView, get(experiment(id))),
    showRound: (id, round, attemptNumber) =>
      expect(shownRound, get(experiment(id, `/rounds/${round}?${queryOf({ attempt: attemptNumber })}`))),
    controlExperiment: (id, verb) => expect(requestAccepted, post(experiment(id, `/${verb}`))),
    listModels: async (id) => (await expect(modelList, get(experiment(id, '/models')))).models,
    showModel: (id, version) => expect(modelView, get(experiment(id, `/models/${part(version)}`))),
    async modelContent(id, version) {
      const response = await send(get(experiment(id, `/models/${part(version)}/content`)));
      if (!response.ok && response.status !== 307) throw await problemError(response, endpoint);
      return response;
    },
    uploadModel: (sha256, content) =>
      expect(uploadedModel, {
        method: 'PUT',
        path: `models/uploads/${sha256}`,
        headers: { 'content-type': 'application/octet-stream' },
        body: content,
      }),
    registerSilo: (registration) => expect(siloView, post('silos', registration)),
    listSilos: async () => (await expect(siloList, get('silos'))).silos,
    setSilo: (id, verb) => expect(siloView, post(`silos/${part(id)}/${verb}`)),
    revokeSiloKey: (id, jkt) => expect(siloView, post(`silos/${part(id)}/revoke-key`, { jkt })),
  };
}

function queryOf(values: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query.toString();
}

/** A connection that was there and broke, unlike one that was refused: the service may be starting again. */
function wasCutOff(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

function notOurs(endpoint: string): CliError {
  return new CliError({
    slug: 'unexpected-answer',
    detail: `${endpoint} answered with something that is not this API.`,
    exitCode: exitCodes.failed,
    tryThis: 'check --endpoint, and that both sides have the same version',
  });
}
