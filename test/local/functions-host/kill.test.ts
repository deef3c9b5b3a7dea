import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type BuiltFixture,
  buildFixture,
  dataDirectory,
  type HostProcess,
  startHostProcess,
  stopAll,
} from './host-process.ts';

let fixture: BuiltFixture;
beforeAll(async () => {
  fixture = await buildFixture();
});
afterAll(stopAll);

interface Work {
  readonly name: string;
  readonly input: unknown;
  readonly expected: unknown;
}

const kinds: readonly Work[] = [
  { name: 'sequence', input: { count: 25 }, expected: Array.from({ length: 25 }, (_, index) => index * 2) },
  { name: 'fanOut', input: { count: 40 }, expected: 40 * 39 },
  { name: 'loop', input: { left: 20, sum: 0 }, expected: 20 * 21 },
  { name: 'parent', input: { values: [4, 5, 6] }, expected: [8, 10, 12] },
  { name: 'events', input: { count: 2 }, expected: [1, 2] },
  { name: 'failsAfterActivity', input: null, expected: expect.stringContaining('refused: no') },
];

const kills = 7;

const hook = (host: HostProcess, path: string, init?: RequestInit): Promise<Response> =>
  fetch(`${host.origin}/runtime/webhooks/durabletask/${path}`, {
    ...init,
    headers: { 'x-functions-key': host.keys.durable, 'content-type': 'application/json' },
  });

it('an instance that was acknowledged survives every kill and ends with the right result, none is stuck', async () => {
  const data = dataDirectory();
  const accepted = new Map<string, Work>();
  const eventsOf = new Map<string, number>();

  /** Starts instances and raises events until the host dies; only what was answered counts. */
  async function work(host: HostProcess, round: number): Promise<void> {
    for (let index = 0; ; index++) {
      const kind = kinds[index % kinds.length];
      if (kind === undefined) return;
      const id = `${kind.name}-${round}-${index}`;
      try {
        const body = JSON.stringify(kind.input);
        const started = await hook(host, `orchestrators/${kind.name}/${id}`, { method: 'POST', body });
        if (started.status === 202) accepted.set(id, kind);
        for (const [waiting, { name }] of accepted) {
          const sent = eventsOf.get(waiting) ?? 0;
          if (name !== 'events' || sent >= 2) continue;
          const path = `instances/${waiting}/raiseEvent/tick`;
          const raised = await hook(host, path, { method: 'POST', body: String(sent + 1) });
          // Without an answer the event may have arrived or not, so this instance's result is unknown: leave it out.
          if (raised.status === 202) eventsOf.set(waiting, sent + 1);
        }
      } catch {
        for (const [waiting, { name }] of accepted) {
          if (name === 'events' && (eventsOf.get(waiting) ?? 0) < 2) accepted.delete(waiting);
        }
        return;
      }
      if (index >= 60) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  for (let round = 0; round < kills; round++) {
    const host = await startHostProcess(fixture, data);
    const working = work(host, round);
    await new Promise((resolve) => setTimeout(resolve, 120 + 90 * round));
    await host.kill('SIGKILL');
    await working;
  }

  const host = await startHostProcess(fixture, data);
  expect(accepted.size).toBeGreaterThan(kills);
  for (const [id, { expected }] of accepted) {
    let status: { runtimeStatus: string; output: unknown };
    do {
      const response = await hook(host, `instances/${id}`);
      expect([id, response.status === 200 || response.status === 202]).toEqual([id, true]);
      status = (await response.json()) as typeof status;
      if (response.status === 202) await new Promise((resolve) => setTimeout(resolve, 20));
    } while (!['Completed', 'Failed'].includes(status.runtimeStatus));
    expect([id, status.output]).toEqual([id, expected]);
  }
  const children = await hook(host, 'instances?top=1000&runtimeStatus=Running,Pending');
  const left = ((await children.json()) as { instanceId: string; name: string }[]).filter(
    ({ name }) => name !== 'events',
  );
  expect(left).toEqual([]);
}, 60_000);
