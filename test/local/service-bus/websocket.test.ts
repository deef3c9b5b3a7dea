import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { receiveOne } from './expectations.ts';
import { connect, startNamespace } from './namespace.ts';

describe('AMQP over WebSocket', () => {
  it('serves the same queues as the plain port', async () => {
    const { bus, client } = await startNamespace([{ name: 'q' }], { websocketPort: 0 });
    const sb = connect(`localhost:${bus.websocketPort}`, 'admin', {
      webSocketOptions: { webSocket: WebSocket },
    });
    const payload = Buffer.alloc(150_000, 3);
    await sb.createSender('q').sendMessages([{ body: payload }, { body: 'second' }]);
    expect(Buffer.from((await receiveOne(client().createReceiver('q'))).body as Buffer)).toEqual(payload);
    const receiver = sb.createReceiver('q');
    const message = await receiveOne(receiver);
    expect(message.body).toBe('second');
    await receiver.completeMessage(message);
    expect(bus.queues()[0]).toMatchObject({ active: 1 });
  });

  it('answers plain requests and other paths with 404', async () => {
    const { bus } = await startNamespace([], { websocketPort: 0 });
    const base = `localhost:${bus.websocketPort}`;
    const failure = await new Promise<string>((resolve) => {
      new WebSocket(`wss://${base}/elsewhere`, 'AMQPWSB10').on('error', (error) => resolve(error.message));
    });
    expect(failure).toContain('404');
    const response = await import('node:https').then(
      ({ get }) =>
        new Promise<number | undefined>((resolve) => {
          get(`https://${base}/`, (answer) => resolve(answer.resume().statusCode));
        }),
    );
    expect(response).toBe(404);
  });
});
