import type { IncomingMessage, ServerResponse } from 'node:http';
import { type RegisteredFunction, triggerOf } from './core-api.ts';
import { writeEmpty, writeJson } from './http-message.ts';
import { offeredKey } from './http-trigger.ts';
import { type HostKeys, opens } from './keys.ts';
import type { TestControl } from './test-control.ts';
import type { TimerTriggers } from './timer-trigger.ts';

export interface AdminOptions {
  readonly keys: HostKeys;
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  readonly timers: TimerTriggers;
  readonly startedAt: number;
  readonly now: () => number;
  readonly running: () => number;
  /** undefined outside of tests. */
  readonly testControl: TestControl | undefined;
}

/** `GET /admin/host/ping` for anyone; with the master key `GET /admin/host/status`, `POST /admin/functions/{timer}`. */
export function adminEndpoints(
  options: AdminOptions,
): (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> {
  return async (request, response, url) => {
    const [, area, name] = url.pathname.split('/').filter(Boolean);
    if (area === 'host' && name === 'ping' && request.method === 'GET') {
      writeEmpty(response, 200);
      return;
    }
    if (!opens(offeredKey(request, url), options.keys.master)) {
      writeEmpty(response, 401);
      return;
    }
    if (area === 'host' && name === 'status' && request.method === 'GET') {
      writeJson(response, 200, {
        state: 'Running',
        version: '4.1041.0',
        processUptime: options.now() - options.startedAt,
        runningInvocations: options.running(),
        functions: [...options.functions.values()].map(({ metadata }) => ({
          name: metadata.name,
          trigger: triggerOf(metadata).binding.type,
        })),
      });
      return;
    }
    if (area === 'host' && (await options.testControl?.serve(name, request, response))) return;
    if (area === 'functions' && name !== undefined && request.method === 'POST') {
      const ran = await options.timers.run(name);
      writeEmpty(response, ran ? 202 : 404);
      return;
    }
    writeEmpty(response, 404);
  };
}
