import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRule } from './fault-rule.ts';
import type { FaultPlan } from './faults.ts';
import { staleAuthorization } from './stale-token.ts';

interface FaultPoint {
  readonly plan: FaultPlan;
  readonly service: string;
  readonly operationOf: (request: IncomingMessage) => string;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Wraps a handler so that the plan's faults hit its requests. */
export function withFaults(handle: Handler, { plan, service, operationOf }: FaultPoint): Handler {
  return async (request, response) => {
    const rule = plan.next(service, operationOf(request));
    if (rule === undefined) return handle(request, response);
    switch (rule.kind) {
      case 'status':
        return answerStatus(rule, response);
      case 'latency':
        await sleep(rule.delayMs ?? 100);
        return handle(request, response);
      case 'reset':
        request.socket.destroy();
        return undefined;
      case 'reset-mid-body':
        cutMidBody(response);
        return handle(request, response);
      case 'lost-answer':
        swallowWrites(request.socket);
        await handle(request, response);
        request.socket.destroy();
        return undefined;
      case 'stale-token':
        makeTokenStale(request);
        return handle(request, response);
      case 'kill':
        if (rule.point !== 'before-answer') return plan.die();
        swallowWrites(request.socket);
        await handle(request, response);
        return plan.die();
      case 'duplicate':
      case 'reorder':
      case 'lock-lost':
        throw new RangeError(`a fault of kind '${rule.kind}' exists at the broker only`);
    }
  };
}

/** Whoever writes is told that all is well, so that an operation with a long answer runs to its end too. */
function swallowWrites(socket: Socket): void {
  const swallow = (...args: unknown[]): boolean => {
    const written = args.at(-1);
    if (typeof written === 'function') process.nextTick(written);
    return true;
  };
  socket.write = swallow;
}

/** Half of the first piece of the body gets out; an answer without a body does not get out at all. */
function cutMidBody(response: ServerResponse): void {
  const write = response.write.bind(response);
  const cut = (piece: unknown): boolean => {
    const bytes =
      typeof piece === 'string' ? Buffer.from(piece) : piece instanceof Uint8Array ? piece : undefined;
    const { socket } = response;
    if (bytes === undefined || bytes.length === 0) socket?.destroy();
    else write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => socket?.destroy());
    return true;
  };
  response.write = cut;
  response.end = (...args: unknown[]) => {
    cut(args[0]);
    return response;
  };
}

function makeTokenStale({ headers }: IncomingMessage): void {
  if (headers.authorization !== undefined) headers.authorization = staleAuthorization(headers.authorization);
}

function answerStatus(rule: FaultRule, response: ServerResponse): void {
  const status = rule.status ?? 503;
  const code = status === 429 ? 'TooManyRequests' : 'ServerBusy';
  const body = JSON.stringify({ error: { code, message: 'fault injected' } });
  response.setHeader('content-type', 'application/json');
  response.setHeader('x-ms-error-code', code);
  if (rule.retryAfter !== undefined) {
    response.setHeader('retry-after', rule.retryAfter);
    response.setHeader('x-ms-retry-after-ms', rule.retryAfter * 1000);
  }
  response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
}
