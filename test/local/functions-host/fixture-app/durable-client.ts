/** Every operation of the SDK's client, by HTTP. */
import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';

type Operation = (client: df.DurableClient, id: string, body: Record<string, unknown>) => Promise<unknown>;

const operations: Record<string, Operation> = {
  start: (client, id, body) =>
    client.startNew(String(body['name']), { instanceId: id, input: body['input'] }),
  status: (client, id, body) => client.getStatus(id, body),
  raise: (client, id, body) => client.raiseEvent(id, String(body['name']), body['data']),
  terminate: (client, id) => client.terminate(id, 'told to'),
  suspend: (client, id) => client.suspend(id, 'told to'),
  resume: (client, id) => client.resume(id, 'told to'),
  rewind: (client, id) => client.rewind(id, 'told to'),
  purge: (client, id) => client.purgeInstanceHistory(id),
  list: (client) => client.getStatusAll(),
  filter: (client, _, body) =>
    client.getStatusBy({
      runtimeStatus: body['statuses'] as df.OrchestrationRuntimeStatus[],
      createdTimeFrom: new Date(0),
      createdTimeTo: new Date(Date.now() + 60_000),
    }),
  purgeBy: (client) => client.purgeInstanceHistoryBy({ createdTimeFrom: new Date(0) }),
  links: async (client, id) => client.createHttpManagementPayload(id),
};

app.http('client', {
  route: 'client/{operation}/{id?}',
  methods: ['POST'],
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const run = operations[request.params['operation'] ?? ''];
    if (run === undefined) return { status: 404 };
    const text = await request.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    try {
      const result = await run(df.getClient(context), request.params['id'] ?? '', body);
      return { jsonBody: { result: result ?? null } };
    } catch (error) {
      return { status: 502, jsonBody: { error: (error as Error).message } };
    }
  },
});

app.http('check', {
  route: 'check/{id}',
  methods: ['POST'],
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext) => {
    const client = df.getClient(context);
    const id = await client.startNew('sequence', {
      instanceId: request.params['id'] ?? '',
      input: { count: 2 },
    });
    return client.waitForCompletionOrCreateCheckStatusResponse(request, id, {
      timeoutInMilliseconds: 8_000,
      retryIntervalInMilliseconds: 20,
    });
  },
});
