import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import { describe, expect, it } from 'vitest';
import { keepReceiving } from '../../../local/functions-host/service-bus-receiving.ts';
import type { TriggerReceiver } from '../../../local/functions-host/service-bus-session.ts';
import { manualClock } from '../durable/manual-clock.ts';

type Handlers = Parameters<ServiceBusReceiver['subscribe']>[0];

/** A small peer that hands out receivers and remembers what became of each. */
function receivers(options: { waiting?: () => string | undefined; settle?: () => Promise<void> } = {}) {
  const opened: { handlers: Handlers; closed: boolean; completed: string[]; abandoned: string[] }[] = [];
  const open = () => {
    const record: (typeof opened)[number] = {
      handlers: { processMessage: async () => {}, processError: async () => {} },
      closed: false,
      completed: [],
      abandoned: [],
    };
    opened.push(record);
    const settle = async (list: string[], message: ServiceBusReceivedMessage): Promise<void> => {
      await options.settle?.();
      list.push(String(message.messageId));
    };
    const receiver: TriggerReceiver = {
      subscribe(handlers) {
        record.handlers = handlers;
        return { close: async () => {} };
      },
      completeMessage: (message) => settle(record.completed, message),
      abandonMessage: (message) => settle(record.abandoned, message),
      renewMessageLock: async () => new Date(),
      async peekMessages() {
        const state = options.waiting?.();
        return state === undefined ? [] : [{ state } as ServiceBusReceivedMessage];
      },
    };
    return {
      receiver,
      close: async () => {
        record.closed = true;
      },
    };
  };
  return { open, opened };
}

const message = (id: string): ServiceBusReceivedMessage =>
  ({ messageId: id, lockedUntilUtc: new Date(60_000) }) as ServiceBusReceivedMessage;

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
};

function start(
  peer: ReturnType<typeof receivers>,
  handle: (message: ServiceBusReceivedMessage) => Promise<void> = async () => {},
) {
  const clock = manualClock(0);
  const reports: string[] = [];
  const receiving = keepReceiving({
    open: peer.open,
    maxConcurrentCalls: 4,
    maxLockRenewalMilliseconds: 300_000,
    autoComplete: true,
    handle,
    clock,
    random: () => 1,
    report: (_level, text) => reports.push(text),
  });
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await turns();
  };
  return { clock, receiving, reports, pass };
}

describe('receiving', () => {
  it('replaces a receiver that reports an error, after pauses that grow', async () => {
    const peer = receivers();
    const { pass } = start(peer);
    for (let count = 1; count <= 4; count++) {
      expect(peer.opened).toHaveLength(count);
      await peer.opened.at(-1)?.handlers.processError({
        error: new Error('gone'),
        errorSource: 'receive',
        entityPath: 'q',
        fullyQualifiedNamespace: 'n',
        identifier: 'i',
      });
      await turns();
      await pass(100 * 2 ** (count - 1) - 1);
      expect(peer.opened).toHaveLength(count);
      await pass(1);
    }
    expect(peer.opened.map(({ closed }) => closed)).toEqual([true, true, true, true, false]);
  });

  it('keeps a broken receiver open until the functions that it fed have settled through it', async () => {
    const peer = receivers();
    let finish = (): void => {};
    const { pass } = start(
      peer,
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    const first = peer.opened[0];
    void first?.handlers.processMessage(message('m'));
    const error = new Error('gone');
    const rest = { entityPath: 'q', fullyQualifiedNamespace: 'n', identifier: 'i' };
    await first?.handlers.processError({ error, errorSource: 'receive', ...rest });
    await turns();
    await pass(200);
    expect([peer.opened.length, first?.closed]).toEqual([2, false]);
    finish();
    await turns();
    expect([first?.completed, first?.closed]).toEqual([['m'], true]);
  });

  it('replaces a silent receiver when messages wait for it, and leaves one alone when none do', async () => {
    let waiting: string | undefined;
    const peer = receivers({ waiting: () => waiting });
    const { pass, reports } = start(peer);
    await pass(10_000);
    waiting = 'scheduled';
    await pass(10_000);
    expect(peer.opened).toHaveLength(1);
    waiting = 'active';
    await pass(10_000);
    await pass(100);
    expect(peer.opened).toHaveLength(2);
    expect(reports.at(-1)).toContain('messages wait but none arrives');
  });

  it('does not doubt a receiver that delivers', async () => {
    const peer = receivers({ waiting: () => 'active' });
    const { pass } = start(peer);
    for (let step = 0; step < 5; step++) {
      await peer.opened[0]?.handlers.processMessage(message(`m${step}`));
      await pass(10_000);
    }
    expect([peer.opened.length, peer.opened[0]?.completed.length]).toEqual([1, 5]);
  });

  it('replaces a receiver whose settlements get no answer', async () => {
    const peer = receivers({ settle: () => new Promise(() => {}) });
    const { pass, reports } = start(peer);
    void peer.opened[0]?.handlers.processMessage(message('m'));
    await turns();
    await pass(3_000);
    await pass(100);
    expect(peer.opened).toHaveLength(2);
    expect(reports[0]).toContain('could not be settled (complete)');
  });

  it('does not wait for ever for a receiver that never stops', async () => {
    const peer = receivers();
    const { receiving, pass } = start({
      ...peer,
      open: () => {
        const opened = peer.open();
        const subscribe = (): { close(): Promise<void> } => ({ close: () => new Promise(() => {}) });
        return { ...opened, receiver: { ...opened.receiver, subscribe } };
      },
    });
    let closed = false;
    const closing = receiving.close(1_000).then(() => {
      closed = true;
    });
    await pass(2_999);
    expect(closed).toBe(false);
    await pass(1);
    await closing;
    expect(peer.opened[0]?.closed).toBe(true);
  });

  it('opens nothing more once closed', async () => {
    const peer = receivers();
    const { receiving, clock, pass } = start(peer);
    await receiving.close(1_000);
    await pass(60_000);
    expect([peer.opened.length, peer.opened[0]?.closed, clock.waiting]).toEqual([1, true, 0]);
  });
});
