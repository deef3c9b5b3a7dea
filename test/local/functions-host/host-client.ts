import { expect } from 'vitest';
import type { KillPoint } from '../../../local/durable/kill-point.ts';
import type { HostProcess } from './host-process.ts';

/** Settings that kill the host at a passage of the point. */
export const killing = (point: KillPoint, skip: number): Record<string, string> => ({
  EmbeddedHost__Faults: JSON.stringify([
    { service: 'functions', operation: `${point}*`, kind: 'kill', skip, times: 1 },
  ]),
});

export const call = (host: HostProcess, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${host.origin}/${path}`, {
    ...init,
    headers: { 'x-functions-key': host.keys.master, 'content-type': 'application/json' },
  });
export const hook = (host: HostProcess, path: string, init?: RequestInit): Promise<Response> =>
  call(host, `runtime/webhooks/durabletask/${path}`, init);
export const post = (host: HostProcess, path: string, body: unknown): Promise<Response> =>
  hook(host, path, { method: 'POST', body: JSON.stringify(body) });

export interface View {
  readonly runtimeStatus: string;
  readonly output: unknown;
  readonly historyEvents: readonly { readonly EventType: string }[];
}

/** Waits for the end of an instance. */
export async function finalView(host: HostProcess, id: string): Promise<View> {
  for (;;) {
    const response = await hook(host, `instances/${id}?showHistory=true`);
    const view = (await response.json()) as View;
    if (response.status === 200) return view;
    expect([id, response.status]).toEqual([id, 202]);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

export const count = (view: View, type: string): number =>
  view.historyEvents.filter((event) => event.EventType === type).length;
