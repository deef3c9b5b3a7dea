import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../core/http-service.ts';
import { type Binding, type RegisteredFunction, triggerOf } from './core-api.ts';
import { toRpcRequest, writeEmpty, writeRpcResponse } from './http-message.ts';
import type { Invocation, Invoked } from './invocation.ts';
import { type HostKeys, opens } from './keys.ts';
import type { Log } from './log.ts';
import { compileRoute, matchRoute, type Route } from './routes.ts';

export interface HttpTriggerOptions {
  readonly functions: Iterable<RegisteredFunction>;
  readonly routePrefix: string;
  readonly keys: HostKeys;
  readonly maxBodyBytes: number;
  readonly log: Log;
  readonly invoke: (fn: RegisteredFunction, invocation: Invocation) => Promise<Invoked>;
}

interface HttpFunction {
  readonly fn: RegisteredFunction;
  readonly bindingName: string;
  readonly methods: ReadonlySet<string>;
  readonly authLevel: AuthLevel;
  readonly route: Route;
}

type AuthLevel = 'anonymous' | 'function' | 'admin';

function authLevelOf(binding: Binding): AuthLevel {
  const level = binding['authLevel'];
  if (level === 'function' || level === 'admin') return level;
  if (level === undefined || level === 'anonymous') return 'anonymous';
  throw new Error('an HTTP trigger has an authLevel that the embedded host does not know');
}

function methodsOf(binding: Binding): ReadonlySet<string> {
  const methods = binding['methods'];
  const named: unknown[] = Array.isArray(methods) ? methods : ['GET', 'POST'];
  return new Set(named.map((method) => String(method).toUpperCase()));
}

function httpFunctions(options: HttpTriggerOptions): HttpFunction[] {
  const found: HttpFunction[] = [];
  for (const fn of options.functions) {
    const { name, binding } = triggerOf(fn.metadata);
    if (binding.type !== 'httpTrigger') continue;
    const route = typeof binding['route'] === 'string' ? binding['route'] : fn.metadata.name;
    found.push({
      fn,
      bindingName: name,
      methods: methodsOf(binding),
      authLevel: authLevelOf(binding),
      route: compileRoute(`${options.routePrefix}/${route}`),
    });
  }
  return found.sort((left, right) => left.route.rank.localeCompare(right.route.rank));
}

/** The key that a request carries, from `x-functions-key` or `?code=`. */
export const offeredKey = (request: IncomingMessage, url: URL): string | undefined => {
  const header = request.headers['x-functions-key'];
  return (typeof header === 'string' ? header : undefined) ?? url.searchParams.get('code') ?? undefined;
};

/**
 * Routes requests to HTTP functions. 404 for no route, 405 for a route without the method, 401 for a missing key, 413
 * for a body above the limit, 500 without a body for what a function throws.
 */
export function httpTrigger(
  options: HttpTriggerOptions,
): (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> {
  const functions = httpFunctions(options);

  const allowed = (target: HttpFunction, key: string | undefined): boolean => {
    if (target.authLevel === 'anonymous') return true;
    return target.authLevel === 'function'
      ? opens(key, options.keys.function, options.keys.master)
      : opens(key, options.keys.master);
  };

  return async (request, response, url) => {
    const method = request.method ?? 'GET';
    const offered: string[] = [];
    for (const target of functions) {
      const parameters = matchRoute(target.route, url.pathname);
      if (parameters === undefined) continue;
      if (!target.methods.has(method)) {
        offered.push(...target.methods);
        continue;
      }
      if (!allowed(target, offeredKey(request, url))) {
        writeEmpty(response, 401);
        return;
      }
      const body = await readBody(request, options.maxBodyBytes);
      await answer(target, request, response, toRpcRequest(request, url, parameters, body));
      return;
    }
    if (offered.length > 0) writeEmpty(response, 405, { allow: [...new Set(offered)].join(', ') });
    else writeEmpty(response, 404);
  };

  async function answer(
    target: HttpFunction,
    request: IncomingMessage,
    response: ServerResponse,
    data: ReturnType<typeof toRpcRequest>,
  ): Promise<void> {
    const { name } = target.fn.metadata;
    let value: Awaited<ReturnType<Invoked['response']>>;
    try {
      const invoked = await options.invoke(target.fn, { inputData: [{ name: target.bindingName, data }] });
      if (invoked.error !== undefined) throw invoked.error;
      value = await invoked.response();
    } catch (thrown) {
      options.log(
        'error',
        `function.${name}`,
        thrown instanceof Error ? (thrown.stack ?? thrown.message) : 'failed',
      );
      writeEmpty(response, 500);
      return;
    }
    writeRpcResponse(response, value, request.method === 'HEAD');
  }
}
