/** A Functions app for tests of the host; it uses the packages as any app does. */
import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import './durable-client.ts';
import './messages.ts';
import '../../durable/fixture/orchestrations.ts';

app.http('hello', {
  route: 'hello/{name?}',
  handler: (request: HttpRequest): HttpResponseInit => ({
    jsonBody: { hello: request.params['name'] ?? 'nobody', colours: request.query.getAll('colour') },
    headers: { 'x-fixture': 'yes' },
    cookies: [{ name: 'seen', value: 'a b', httpOnly: true, path: '/', maxAge: 60, sameSite: 'Strict' }],
  }),
});

app.http('item', {
  route: 'items/{id:int}',
  methods: ['GET', 'DELETE', 'HEAD'],
  handler: (request: HttpRequest) => ({ body: `item ${request.params['id']} by ${request.method}` }),
});

app.http('special', { route: 'items/special', handler: () => ({ body: 'literal' }) });

app.http('files', {
  route: 'files/{*path}',
  handler: (request: HttpRequest) => ({ body: request.params['path'] ?? 'root' }),
});

app.http('digest', {
  methods: ['PUT'],
  handler: async (request: HttpRequest) => ({
    jsonBody: { bytes: (await request.arrayBuffer()).byteLength },
  }),
});

app.http('binary', { handler: () => ({ body: new Uint8Array([0, 255, 1, 254]), status: 201 }) });
app.http('noContent', { handler: () => undefined as unknown as HttpResponseInit });
app.http('guarded', { authLevel: 'function', handler: () => ({ body: 'open' }) });
app.http('adminOnly', { authLevel: 'admin', handler: () => ({ body: 'open' }) });

app.http('boom', {
  handler: () => {
    throw new Error('a secret in a message');
  },
});

app.http('slow', {
  handler: async () => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    return { body: 'finished' };
  },
});

let ticks = 0;
app.timer('tick', {
  schedule: '0 0 3 29 2 *',
  handler: (timer) => {
    ticks++;
    if (timer.isPastDue) ticks += 100;
  },
});
app.http('ticks', { handler: () => ({ body: String(ticks) }) });
app.http('setting', { handler: () => ({ body: process.env['FIXTURE_SETTING'] ?? 'unset' }) });
