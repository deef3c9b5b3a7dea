import { describe, expect, it } from 'vitest';
import { startNamespace } from './namespace.ts';

describe('messages', () => {
  it('come out as they went in', async () => {
    const { client } = await startNamespace([{ name: 'q' }]);
    const sb = client();
    await sb.createSender('q').sendMessages({
      body: { a: 1 },
      messageId: 'm1',
      subject: 's',
      applicationProperties: { p: 'x', n: 3, t: true },
    });
    const receiver = sb.createReceiver('q');
    const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 5000 });
    expect(message).toMatchObject({ body: { a: 1 }, messageId: 'm1', subject: 's', deliveryCount: 0 });
    expect(message?.applicationProperties).toEqual({ p: 'x', n: 3, t: true });
    if (message === undefined) return;
    await receiver.completeMessage(message);
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 200 })).toEqual([]);
  });
});
