import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultPlan, FaultRule } from './faults.ts';

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
      case 'lost-answer':
        swallowWrites(request.socket);
        await handle(request, response);
        request.socket.destroy();
        return undefined;
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
