/** With a queue: an instance per message, under the message's id, however often the message comes. */
import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';

if (process.env['FIXTURE_QUEUE'] !== undefined) {
  app.serviceBusQueue('onMessage', {
    connection: 'Fixture',
    queueName: '%FIXTURE_QUEUE%',
    extraInputs: [df.input.durableClient()],
    handler: async (_message: unknown, context: InvocationContext) => {
      const client = df.getClient(context);
      const instanceId = String(context.triggerMetadata?.['messageId']);
      const known = await client.getStatus(instanceId).catch(() => undefined);
      if (known === undefined) await client.startNew('sequence', { instanceId, input: { count: 2 } });
    },
  });
}
