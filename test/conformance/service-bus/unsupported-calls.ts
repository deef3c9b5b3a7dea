import type { ServiceBusClient } from '@azure/service-bus';
import { receiveOne } from '../../local/service-bus/expectations.ts';

type Call = (sb: ServiceBusClient, queue: string) => Promise<unknown>;

/** What Service Bus has and the embedded broker has not: its name, a word of the refusal, and how a client asks. */
export const UNSUPPORTED_SERVICE_BUS: readonly (readonly [string, RegExp, Call])[] = [
  [
    'Deferral',
    /'defer' is not supported/,
    async (sb, queue) => {
      await sb.createSender(queue).sendMessages({ body: 1 });
      const receiver = sb.createReceiver(queue);
      await receiver.deferMessage(await receiveOne(receiver));
    },
  ],
  [
    'Receive deferred messages',
    /'com.microsoft:receive-by-sequence-number' is not supported/,
    async (sb, queue) => {
      const sender = sb.createSender(queue);
      const [sequence] = await sender.scheduleMessages({ body: 1 }, new Date(Date.now() + 3_600_000));
      if (sequence === undefined) throw new Error('a sequence number expected');
      await sb.createReceiver(queue).receiveDeferredMessages(sequence);
    },
  ],
  ['Sessions', /requested session/, (sb, queue) => sb.acceptSession(queue, 's')],
];
