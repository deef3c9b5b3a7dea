import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../core/http-service.ts';
import { type ApiRequest, handleApi } from '../durable/client-api.ts';
import { type ClientAddresses, webhookPath } from '../durable/client-binding.ts';
import type { DurableEngine } from '../durable/engine.ts';
import { writeEmpty, writeJson } from './http-message.ts';
import { offeredKey } from './http-trigger.ts';
import { type HostKeys, opens } from './keys.ts';
import { decodeSegment } from './routes.ts';

/** The path of the SDK's own calls. They carry no key, so the path holds one that is new in every process. */
export const rpcPath = (secret: string): string => `/durabletask/${secret}/`;

/**
 * Serves the Durable API under the webhook path (with a key) and under the rpc path (whose address is the key).
 * Resolves false for requests that are neither.
 */
export function durableEndpoints(
  engine: DurableEngine,
  addresses: ClientAddresses,
  keys: HostKeys,
  maxBodyBytes: number,
): (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean> {
  const rpc = new URL(addresses.rpcBaseUrl).pathname;
  const webhooks = `${webhookPath}/`;

  return async (request, response, url) => {
    const base = [rpc, webhooks].find((candidate) => url.pathname.startsWith(candidate));
    if (base === undefined) return false;
    if (base === webhooks && !opens(offeredKey(request, url), keys.durable, keys.master)) {
      writeEmpty(response, 401);
      return true;
    }
    const path = url.pathname.slice(base.length).split('/').map(decodeSegment);
    if (path.includes(undefined)) {
      writeEmpty(response, 400);
      return true;
    }
    const body = await readBody(request, maxBodyBytes);
    const api: ApiRequest = {
      method: request.method ?? 'GET',
      path: path.filter((segment) => segment !== undefined),
      query: url.searchParams,
      header: (name) => {
        const value = request.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
      body: body.toString('utf8'),
    };
    const { status, headers, json } = await handleApi(engine, addresses, api);
    if (json === undefined) writeEmpty(response, status, headers);
    else writeJson(response, status, json, headers);
    return true;
  };
}
