/** Kills the host at each named point of its work and looks for what is lost or done twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KillPoint } from '../../../local/durable/kill-point.ts';
import { call, count, finalView, hook, killing, post, type View } from './host-client.ts';
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

/** What a client does; asked again of the next host when the first dies before it has answered. */
async function work(host: HostProcess): Promise<void> {
  const begin = async (name: string, id: string, input: unknown): Promise<void> => {
    const known = await hook(host, `instances/${id}`);
    if (known.status !== 404) return;
    expect((await post(host, `orchestrators/${name}/${id}`, input)).status).toBe(202);
  };
  await begin('sequence', 'in-sequence', { count: 6 });
  await begin('parent', 'with-children', { values: [4, 5] });
  await begin('loop', 'in-generations', { left: 4, sum: 0 });
  await begin('events', 'with-event', { count: 1 });
  const waiting = (await (await hook(host, 'instances/with-event?showHistory=true')).json()) as View;
  if (waiting.runtimeStatus !== 'Completed' && count(waiting, 'EventRaised') === 0) {
    const raised = await post(host, 'instances/with-event/raiseEvent/tick', 'raised');
    expect([202, 410]).toContain(raised.status);
  }
}

/** Resolves when the host is dead, having been given the work until then. */
async function workUntilDeath(host: HostProcess): Promise<void> {
  const died = host.exited;
  await work(host).catch(() => undefined); // unanswered: the host died
  await died;
}

describe('a host that is killed at a named point', () => {
  it.each<[KillPoint, number]>([
    ['client-before-commit', 2],
    ['client-after-commit', 2],
    ['episode-before-commit', 4],
    ['episode-after-commit', 4],
    ['activity-before-run', 3],
    ['activity-after-run', 3],
  ])('%s, after %i passages, loses nothing and does nothing twice', async (point, skip) => {
    const data = dataDirectory();
    await workUntilDeath(await startHostProcess(fixture, data, killing(point, skip)));
    const host = await startHostProcess(fixture, data);
    await work(host);

    const sequence = await finalView(host, 'in-sequence');
    expect([sequence.output, count(sequence, 'TaskCompleted')]).toEqual([[0, 2, 4, 6, 8, 10], 6]);
    const parent = await finalView(host, 'with-children');
    expect([parent.output, count(parent, 'SubOrchestrationInstanceCompleted')]).toEqual([[8, 10], 2]);
    expect((await finalView(host, 'in-generations')).output).toBe(20);
    const event = await finalView(host, 'with-event');
    expect([event.output, count(event, 'EventRaised')]).toEqual([['raised'], 1]);
    const all = (await (await hook(host, 'instances?top=1000')).json()) as { name: string }[];
    expect(all.map(({ name }) => name).sort()).toEqual([
      'child',
      'child',
      'events',
      'loop',
      'parent',
      'sequence',
    ]);
    await host.kill('SIGKILL');
  });

  it('timer-before-record: the run that nobody knows of is made again', async () => {
    const data = dataDirectory();
    const nextRun = { method: 'PUT', body: JSON.stringify({ advanceMs: 5 * 366 * 86_400_000 }) };
    const first = await startHostProcess(fixture, data, killing('timer-before-record', 0));
    await call(first, 'admin/host/clock', nextRun).catch(() => undefined);
    await first.exited;
    const second = await startHostProcess(fixture, data, { EmbeddedHost__Faults: '[]' });
    expect(await (await call(second, 'api/ticks')).text()).toBe('0');
    const moved = await call(second, 'admin/host/clock', nextRun);
    expect([moved.status, await moved.json()]).toEqual([200, { aheadMs: 5 * 366 * 86_400_000 }]);
    expect(await (await call(second, 'api/ticks')).text()).toBe('1');
    await second.kill('SIGKILL');
  });
});
