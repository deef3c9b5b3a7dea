import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { type HttpServiceOptions, readBody, startHttpService } from '../../../local/core/http-service.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { temporaryDirectory } from './temporary-directory.ts';

async function start(options: Partial<HttpServiceOptions>) {
  const service = await startHttpService({
    port: 0,
    handle: async (_request, response) => void response.end('fine'),
    ...options,
  });
  onTestFinished(() => service.close());
  return { ...service, url: `http://127.0.0.1:${service.port}/` };
}

/** Writes raw bytes and gives everything the service says until it closes the connection. */
async function raw(socket: Socket, bytes: string | Buffer): Promise<string> {
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

test('garbage, oversized headers and clients that leave do not stop the service', async () => {
  const failures: unknown[] = [];
  const service = await start({
    handle: async (request, response) => void response.end(await readBody(request, 100)),
    report: (error) => failures.push(error),
  });
  const open = () => connect(service.port, '127.0.0.1');
  expect(await raw(open(), 'AMQP\x00\x01\x00\x00\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
  expect(await raw(open(), Buffer.alloc(200_000, 0xff))).toMatch(/^(HTTP\/1.1 400|$)/);
  expect(await raw(open(), `GET / HTTP/1.1\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)).toMatch(/^(HTTP\/1.1 4|$)/);
  const leaver = open();
  leaver.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\nonly half');
  await once(leaver, 'connect');
  leaver.destroy();
  expect(await (await fetch(service.url, { method: 'POST', body: 'still here' })).text()).toBe('still here');
  expect(failures).toEqual([]);
});

test('a TLS port outlives plain text and a client that stops in mid-handshake', async () => {
  const tls = await ensureTlsMaterial(await temporaryDirectory());
  const service = await start({ tls });
  expect(await raw(connect(service.port, '127.0.0.1'), 'GET / HTTP/1.1\r\n\r\n')).not.toMatch(/200/);
  const half = connect(service.port, '127.0.0.1');
  half.write(Buffer.from('160301', 'hex'));
  const client = connectTls({
    port: service.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: tls.caPem,
  });
  expect(await raw(client, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(
    /200 OK[^]*fine/,
  );
  half.destroy();
});

test('headers that dribble in too slowly end the connection', async () => {
  const service = await start({ headersTimeoutMs: 200 });
  expect(await raw(connect(service.port, '127.0.0.1'), 'GET / HTTP/1.1\r\nhost: x\r\n')).toMatch(
    /^HTTP\/1.1 4/,
  );
});

test('an error becomes a bare 500 that tells nothing, and is reported', async () => {
  const failures: unknown[] = [];
  const service = await start({
    handle: async () => {
      throw new Error('the secret is 42');
    },
    report: (error) => failures.push(error),
  });
  const response = await fetch(service.url, { method: 'POST', body: 'x'.repeat(100_000) });
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('');
  expect(failures).toHaveLength(1);
});

test('an error after the answer began cuts the connection, so that no half answer passes for a whole', async () => {
  const service = await start({
    handle: async (_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half');
      throw new Error('broken');
    },
    report: () => {},
  });
  await expect(fetch(service.url).then((response) => response.text())).rejects.toThrow();
});

test('a body over the limit is answered 413, declared or not', async () => {
  const service = await start({
    handle: async (request, response) => void response.end(await readBody(request, 1000)),
  });
  const post = async (chunked: boolean): Promise<number> => {
    const request = httpRequest(service.url, { method: 'POST', agent: false });
    if (!chunked) request.setHeader('content-length', 300_000);
    request.on('error', () => {});
    request.write('x'.repeat(2000));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    request.destroy();
    return response.statusCode ?? 0;
  };
  expect(await post(false)).toBe(413);
  expect(await post(true)).toBe(413);
  expect(await (await fetch(service.url, { method: 'POST', body: 'x'.repeat(1000) })).text()).toHaveLength(
    1000,
  );
});

test('close lets the running request finish, refuses new ones and frees the port', async () => {
  let release = () => {};
  let entered = () => {};
  const running = new Promise<void>((resolve) => (entered = resolve));
  const service = await start({
    handle: async (_request, response) => {
      const released = new Promise<void>((resolve) => (release = resolve));
      entered();
      await released;
      response.end('done');
    },
  });
  const answer = fetch(service.url).then((response) => response.text());
  await running;
  const closed = service.close();
  release();
  expect(await answer).toBe('done');
  await closed;
  await expect(fetch(service.url)).rejects.toThrow();
  await start({ port: service.port });
});

test('faults hit the operations they name, as often as they say, and then end', async () => {
  const plan = createFaultPlan();
  const ran: string[] = [];
  const service = await start({
    handle: async (request, response) => {
      ran.push(request.url ?? '');
      response.end('fine');
    },
    faults: { plan, service: 'blob', operationOf: (request) => request.url ?? '' },
  });
  const get = async (path: string) => {
    try {
      const response = await fetch(new URL(path, service.url), { headers: { connection: 'close' } });
      return `${response.status} ${response.headers.get('retry-after') ?? '-'}`;
    } catch {
      return 'cut';
    }
  };
  plan.set([
    { service: 'cosmos', operation: '*', kind: 'status', times: 9 },
    { service: 'blob', operation: '/put*', kind: 'status', status: 429, retryAfter: 2, times: 1 },
    { service: 'blob', operation: '/put*', kind: 'reset', times: 1 },
    { service: '*', operation: '/put*', kind: 'lost-answer', times: 1 },
    { service: 'blob', operation: '/slow', kind: 'latency', delayMs: 1, times: 1 },
    { service: 'blob', operation: '/down', kind: 'status', times: 2 },
  ]);
  expect(await get('/put/1')).toBe('429 2');
  expect(await get('/put/2')).toBe('cut');
  expect(ran).toEqual([]);
  expect(await get('/put/3')).toBe('cut');
  expect(ran).toEqual(['/put/3']);
  expect(await get('/put/4')).toBe('200 -');
  expect(await get('/slow')).toBe('200 -');
  expect(await get('/down')).toBe('503 -');
  plan.set([]);
  expect(await get('/down')).toBe('200 -');
});

test('over TLS too, a lost answer means the operation ran and nothing of its answer got out', async () => {
  const plan = createFaultPlan();
  const tls = await ensureTlsMaterial(await temporaryDirectory());
  let ran = 0;
  const service = await start({
    tls,
    handle: async (_request, response) => {
      ran += 1;
      response.end('fine');
    },
    faults: { plan, service: 'blob', operationOf: () => 'any' },
  });
  plan.set([{ service: 'blob', operation: 'any', kind: 'lost-answer', times: 1 }]);
  const open = () =>
    connectTls({ port: service.port, host: '127.0.0.1', servername: 'localhost', ca: tls.caPem });
  const get = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  expect(await raw(open(), get)).toBe('');
  expect(ran).toBe(1);
  expect(await raw(open(), get)).toMatch(/fine/);
});
