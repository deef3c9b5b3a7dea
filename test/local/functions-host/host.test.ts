import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BuiltFixture,
  buildFixture,
  dataDirectory,
  type HostProcess,
  startHostProcess,
  stopAll,
} from './host-process.ts';

let fixture: BuiltFixture;
let host: HostProcess;
beforeAll(async () => {
  fixture = await buildFixture();
  host = await startHostProcess(fixture, dataDirectory(), { FIXTURE_SETTING: 'from the environment' });
});
afterAll(stopAll);

const api = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`${host.origin}/api/${path}`, init);
const text = async (path: string, init?: RequestInit): Promise<string> => (await api(path, init)).text();

async function client(operation: string, id = '', body: unknown = {}): Promise<unknown> {
  const response = await api(`client/${operation}/${id}`, { method: 'POST', body: JSON.stringify(body) });
  const answer = (await response.json()) as { result?: unknown; error?: string };
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.result;
}

async function statusOf(id: string, wanted: RegExp): Promise<Record<string, unknown>> {
  for (;;) {
    const status = (await client('status', id)) as Record<string, unknown>;
    if (wanted.test(String(status['runtimeStatus']))) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('HTTP functions', () => {
  it('get route parameters, repeated query values, and set headers and cookies', async () => {
    const response = await api('hello/ad%C3%A4?colour=red&colour=blue');
    expect(await response.json()).toEqual({ hello: 'adä', colours: ['red', 'blue'] });
    expect(response.headers.get('x-fixture')).toBe('yes');
    expect(response.headers.get('set-cookie')).toBe(
      'seen=a%20b; Path=/; Max-Age=60; HttpOnly; SameSite=Strict',
    );
  });

  it('are matched without regard to case, literals before parameters', async () => {
    expect(await text('Items/7')).toBe('item 7 by GET');
    expect(await text('items/special')).toBe('literal');
    expect(await text('files/a/b%20c')).toBe('a/b c');
    expect(await text('hello')).toContain('nobody');
  });

  it('answer 404 for no route or a parameter of another type, 405 for another method', async () => {
    expect((await api('items/seven')).status).toBe(404);
    expect((await fetch(`${host.origin}/elsewhere`)).status).toBe(404);
    const refused = await api('items/7', { method: 'POST' });
    expect([refused.status, refused.headers.get('allow'), await refused.text()]).toEqual([
      405,
      'GET, DELETE, HEAD',
      '',
    ]);
  });

  it('answer HEAD without a body, and only where HEAD is among the methods', async () => {
    const head = await api('items/7', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '14', '']);
    expect((await api('hello', { method: 'HEAD' })).status).toBe(405);
  });

  it('take and give bytes as they are', async () => {
    const body = new Uint8Array(3_000_000).fill(7);
    expect(await (await api('digest', { method: 'PUT', body })).json()).toEqual({ bytes: 3_000_000 });
    const response = await api('binary');
    expect(response.status).toBe(201);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 1, 254]);
  });

  it('that return nothing answer 204', async () => {
    const response = await api('noContent');
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  it('that throw answer 500 without a body', async () => {
    const response = await api('boom');
    expect([response.status, await response.text()]).toEqual([500, '']);
  });

  it('ask for their key, in the header or the query', async () => {
    expect((await api('guarded')).status).toBe(401);
    expect((await api('guarded?code=wrong')).status).toBe(401);
    expect(await text(`guarded?code=${host.keys.function}`)).toBe('open');
    expect(await text('guarded', { headers: { 'x-functions-key': host.keys.master } })).toBe('open');
    expect((await api(`adminOnly?code=${host.keys.function}`)).status).toBe(401);
    expect(await text(`adminOnly?code=${host.keys.master}`)).toBe('open');
  });

  it('see app settings in their environment', async () => {
    expect(await text('setting')).toBe('from the environment');
  });
});

describe('the SDK’s durable client', () => {
  it('starts, reads, and lists instances', async () => {
    expect(await client('start', 'c1', { name: 'sequence', input: { count: 3 } })).toBe('c1');
    const status = await statusOf('c1', /Completed/);
    expect(status).toMatchObject({ name: 'sequence', input: { count: 3 }, output: [0, 2, 4] });
    const all = (await client('list')) as { instanceId: string }[];
    expect(all.map(({ instanceId }) => instanceId)).toContain('c1');
    const running = (await client('filter', '', { statuses: ['Running'] })) as { instanceId: string }[];
    expect(running.map(({ instanceId }) => instanceId)).not.toContain('c1');
  });

  it('raises events, suspends and resumes', async () => {
    await client('start', 'c2', { name: 'events', input: { count: 1 } });
    await client('suspend', 'c2');
    await statusOf('c2', /Suspended/);
    await client('raise', 'c2', { name: 'tick', data: { n: 1 } });
    await client('resume', 'c2');
    expect((await statusOf('c2', /Completed/))['output']).toEqual([{ n: 1 }]);
    expect(await client('raise', 'c2', { name: 'tick', data: 2 })).toBeNull(); // ended: the SDK takes 410 for done
    await expect(client('raise', 'unknown', { name: 'tick', data: 2 })).rejects.toThrow(
      /No instance with ID/,
    );
  });

  it('terminates, rewinds and purges', async () => {
    await client('start', 'c3', { name: 'approval' });
    await client('terminate', 'c3');
    expect((await statusOf('c3', /Terminated/))['output']).toBe('told to');
    await expect(client('rewind', 'c3')).rejects.toThrow(/only supported on failed/);
    expect(await client('purge', 'c3')).toEqual({ instancesDeleted: 1 });
    expect(await client('purge', 'c3')).toEqual({ instancesDeleted: 0 });
    await client('start', 'c4', { name: 'flakyChild', input: { key: 'host', times: 1 } });
    await statusOf('c4', /Failed/);
    await client('rewind', 'c4');
    expect((await statusOf('c4', /Completed/))['output']).toEqual(['kept', 'host worked']);
  });

  it('waits for completion, or hands out addresses that work', async () => {
    const response = await api('check/c5', { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([200, [0, 2]]);
    const links = (await client('links', 'c5')) as { statusQueryGetUri: string; restartPostUri: string };
    const view = await fetch(`${links.statusQueryGetUri}&showHistory=true&showHistoryOutput=true`);
    const status = (await view.json()) as { historyEvents: Record<string, unknown>[] };
    expect(status.historyEvents[1]).toMatchObject({
      EventType: 'TaskCompleted',
      FunctionName: 'double',
      Input: 0,
      Result: 0,
    });
    const again = await fetch(links.restartPostUri, { method: 'POST' });
    const { id } = (await again.json()) as { id: string };
    expect((await statusOf(id, /Completed/))['output']).toEqual([0, 2]);
  });

  it('is refused a second start under the same id while the first runs', async () => {
    await client('start', 'c6', { name: 'events', input: { count: 1 } });
    await expect(client('start', 'c6', { name: 'events', input: { count: 1 } })).rejects.toThrow(/409/);
    await expect(client('start', 'c7', { name: 'nonesuch' })).rejects.toThrow(/400/);
  });
});

describe('the durable webhooks', () => {
  const hooks = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${host.origin}/runtime/webhooks/durabletask/${path}`, init);

  it('need a key; the rpc path needs its secret', async () => {
    expect((await hooks('instances/c1')).status).toBe(401);
    expect((await hooks(`instances/c1?code=${host.keys.function}`)).status).toBe(401);
    expect((await hooks(`instances/c1?code=${host.keys.durable}`)).status).toBe(200);
    expect((await fetch(`${host.origin}/durabletask/instances/c1`)).status).toBe(404);
    expect((await fetch(`${host.origin}/durabletask/guess/instances/c1`)).status).toBe(404);
  });

  it('start and wait in one call', async () => {
    const response = await hooks(`orchestrators/sequence/w1?timeout=10&code=${host.keys.durable}`, {
      method: 'POST',
      body: '{"count":2}',
    });
    expect([response.status, await response.json()]).toEqual([200, [0, 2]]);
  });

  it('page with continuation tokens', async () => {
    const seen: string[] = [];
    let token: string | null = '';
    do {
      const headers: Record<string, string> = token ? { 'x-ms-continuation-token': token } : {};
      const page = await hooks(`instances?top=2&code=${host.keys.durable}`, { headers });
      seen.push(...((await page.json()) as { instanceId: string }[]).map(({ instanceId }) => instanceId));
      token = page.headers.get('x-ms-continuation-token');
    } while (token);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(['c1', 'c2', 'c4', 'c5', 'w1']));
  });

  it('answer garbage with 400, entities with 501, anything else with 404', async () => {
    const code = `code=${host.keys.durable}`;
    const post = (path: string, body: string, type = 'application/json'): Promise<number> =>
      hooks(path, { method: 'POST', body, headers: { 'content-type': type } }).then(({ status }) => status);
    expect(await post(`orchestrators/sequence?${code}`, '{')).toBe(400);
    expect(await post(`instances/c6/raiseEvent/tick?${code}`, '{')).toBe(400);
    expect(await post(`instances/c6/raiseEvent/tick?${code}`, '1', 'text/plain')).toBe(400);
    expect(await post(`instances/c1/terminate?${code}`, '')).toBe(410);
    expect(await post(`instances/%E0%A4%A/terminate?${code}`, '')).toBe(400);
    expect(await post(`entities/counter/c?${code}`, '')).toBe(501);
    expect(await post(`nonsense?${code}`, '')).toBe(404);
    expect((await hooks(`instances?top=0&${code}`)).status).toBe(400);
    expect((await hooks(`instances?createdTimeFrom=soon&${code}`)).status).toBe(400);
    expect((await hooks(`instances?${code}`, { method: 'DELETE' })).status).toBe(400);
  });
});

describe('the admin endpoints', () => {
  it('show the status and run a timer by hand, with the master key only', async () => {
    expect((await fetch(`${host.origin}/admin/host/ping`)).status).toBe(200);
    expect((await fetch(`${host.origin}/admin/host/status?code=${host.keys.function}`)).status).toBe(401);
    const headers = { 'x-functions-key': host.keys.master };
    const status = await fetch(`${host.origin}/admin/host/status`, { headers });
    expect(await status.json()).toMatchObject({
      state: 'Running',
      functions: expect.arrayContaining([{ name: 'tick', trigger: 'timerTrigger' }]),
    });
    const run = (name: string): Promise<Response> =>
      fetch(`${host.origin}/admin/functions/${name}`, { method: 'POST', headers });
    expect((await run('tick')).status).toBe(202);
    expect((await run('hello')).status).toBe(404);
    expect(await text('ticks')).toBe('1');
  });
});

describe('stopping', () => {
  it('on SIGTERM lets a running invocation end, refuses new ones, and exits with 0', async () => {
    const other = await startHostProcess(fixture, dataDirectory());
    const slow = fetch(`${other.origin}/api/slow`).then((response) => response.text());
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await other.kill('SIGTERM')).toBe(0);
    expect(await slow).toBe('finished');
  });

  it('follows a parent that goes away, and refuses a body above its limit before that', async () => {
    const other = await startHostProcess(fixture, dataDirectory(), {
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000',
    });
    const put = await fetch(`${other.origin}/api/digest`, { method: 'PUT', body: 'x'.repeat(1_001) });
    expect([put.status, await put.text()]).toEqual([413, '']);
    expect(await other.disconnect()).toBe(0);
  });

  it('never writes a key or a function’s secrets where they do not belong', () => {
    expect(host.log()).not.toContain(host.keys.master);
    expect(host.log()).not.toContain(host.keys.durable);
  });
});
