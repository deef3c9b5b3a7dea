/** How the client meets servers that are slow, busy or somebody else's. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createApiClient } from '../../cli/api-client.ts';
import { watchExperiment } from '../../cli/watch.ts';

async function clientOf(listener: RequestListener, timeoutMs = 20_000) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const token = (): Promise<string> => Promise.resolve('token');
  return createApiClient({ endpoint: `http://127.0.0.1:${port}/`, token, timeoutMs });
}

test('a busy service is asked again after the time it names, with the same Idempotency-Key', async () => {
  const keys: unknown[] = [];
  const client = await clientOf((request, response) => {
    keys.push(request.headers['idempotency-key']);
    if (keys.length < 3) return void response.writeHead(503, { 'retry-after': '0.01' }).end();
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ experiment: `exp-${'0'.repeat(26)}`, created: true }));
  });
  expect((await client.createExperiment({}, 'key')).created).toBe(true);
  expect(keys).toEqual(['key', 'key', 'key']);
});

test('a connection that breaks is made again', async () => {
  let calls = 0;
  const client = await clientOf((request, response) => {
    calls += 1;
    if (calls === 1) return void request.socket.destroy();
    response.end(JSON.stringify({ silos: [] }));
  });
  expect(await client.listSilos()).toEqual([]);
  expect(calls).toBe(2);
});

test('a service that never answers is a timeout', async () => {
  const client = await clientOf(() => undefined, 200);
  await expect(client.listSilos()).rejects.toMatchObject({ slug: 'timeout', exitCode: 7 });
});

test('a service that stays busy is a timeout, however long it asks to wait', async () => {
  const client = await clientOf(
    (_, response) => response.writeHead(429, { 'retry-after': '600' }).end(),
    300,
  );
  await expect(client.listSilos()).rejects.toMatchObject({ slug: 'timeout', exitCode: 7 });
});

test('garbage and answers of another service are told apart from answers', async () => {
  for (const [status, body] of [
    [200, '<html>'],
    [200, '{"silos":[{}]}'],
    [404, 'nothing'],
  ] as const) {
    const client = await clientOf((_, response) => response.writeHead(status).end(body));
    await expect(client.listSilos()).rejects.toMatchObject({ name: 'CliError' });
  }
});

test('watching survives an outage and gives up when it lasts', async () => {
  const client = await clientOf((_, response) => response.writeHead(500).end());
  let time = 0;
  const looks: number[] = [];
  const now = (): number => {
    time += 1_000;
    return time;
  };
  const showExperiment: typeof client.showExperiment = (id) => {
    looks.push(time);
    return client.showExperiment(id);
  };
  await expect(
    watchExperiment({ showExperiment }, 'exp-1', { now, intervalMs: 1, patienceMs: 5_000 }),
  ).rejects.toMatchObject({ slug: 'unexpected-answer' });
  expect(looks.length).toBeGreaterThan(3);
});

test('watching ends when it is told to, and the error says how to go on', async () => {
  const client = await clientOf((_, response) => response.writeHead(500).end());
  await expect(
    watchExperiment(client, 'exp-1', { signal: AbortSignal.abort(), intervalMs: 10_000 }),
  ).rejects.toMatchObject({ exitCode: 130, tryThis: 'tributary experiment watch exp-1' });
});
