/**
 * Keeps receiving from one entity for ever. Invariants:
 *
 * 1. A message is completed if and only if its handler returned; a handler that throws has it abandoned.
 * 2. When receiving breaks, a new receiver takes over after a pause; the old one stays open until the handlers that it
 *    fed have settled, because a lock can only be settled through its own client.
 * 3. Locks are renewed until the message is settled or its settlement has failed; then the lock runs out and the
 *    message comes again. (Trying again is no use: after a reconnection the SDK settles on the link that is gone.)
 */
import type { ProcessErrorArgs, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import type { Clock } from '../durable/clock.ts';
import { renewLock } from './lock-renewal.ts';
import { type SettlementOutcome, settlementQueue } from './settlement.ts';

/** What the trigger needs of the official receiver. */
export type TriggerReceiver = Pick<
  ServiceBusReceiver,
  'subscribe' | 'completeMessage' | 'abandonMessage' | 'renewMessageLock'
>;

export interface OpenedReceiver {
  readonly receiver: TriggerReceiver;
  close(): Promise<void>;
}

export type OpenReceiver = () => OpenedReceiver;

export interface ReceivingOptions {
  readonly open: OpenReceiver;
  readonly maxConcurrentCalls: number;
  /** For how long a running function's lock is renewed. */
  readonly maxLockRenewalMilliseconds: number;
  /** false leaves completed handlers' messages to their locks, as Azure does. */
  readonly autoComplete: boolean;
  readonly handle: (message: ServiceBusReceivedMessage) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: (level: 'warning' | 'error', message: string) => void;
}

export interface Receiving {
  /** Takes no more messages, gives running handlers up to `graceMilliseconds`, closes the receivers. */
  close(graceMilliseconds: number): Promise<void>;
}

const firstPause = 100;
const longestPause = 10_000;
const retireAfter = 60_000;
const steadyAfter = 30_000;

interface Session {
  readonly inFlight: Set<Promise<void>>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

export function keepReceiving(options: ReceivingOptions): Receiving {
  const { clock } = options;
  const retiring = new Set<Promise<void>>();
  let session: Session | undefined;
  let failures = 0;
  let closed = false;
  let cancelPause: (() => void) | undefined;
  let cancelSteady: (() => void) | undefined;

  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.after(milliseconds, resolve);
      cancelPause = () => {
        cancel();
        resolve();
      };
    });

  const quietly = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (fault) {
      options.report('warning', `${what} failed: ${(fault as Error).message}`);
    }
  };

  async function drained(target: Session, milliseconds: number): Promise<void> {
    let cancel: (() => void) | undefined;
    const limit = new Promise<void>((resolve) => {
      cancel = clock.after(milliseconds, resolve);
    });
    await Promise.race([Promise.allSettled(target.inFlight), limit]);
    cancel?.();
  }

  async function retire(target: Session, milliseconds: number): Promise<void> {
    await quietly('stopping a receiver', () => target.stop());
    await drained(target, milliseconds);
    await quietly('closing a receiver', () => target.close());
  }

  function begin(): void {
    if (closed) return;
    let broken = false;
    const onBroken = (): void => {
      if (broken || closed) return;
      broken = true;
      cancelSteady?.();
      const old = session;
      session = undefined;
      if (old) {
        const retired = retire(old, retireAfter).finally(() => retiring.delete(retired));
        retiring.add(retired);
      }
      const wait = Math.min(firstPause * 2 ** failures++, longestPause);
      void pause(wait * (0.5 + options.random() / 2)).then(begin);
    };
    try {
      session = startSession(options, { onBroken, onMessage: () => (failures = 0) });
      cancelSteady = clock.after(steadyAfter, () => (failures = 0));
    } catch (fault) {
      options.report('error', `a receiver could not be opened: ${(fault as Error).message}`);
      onBroken();
    }
  }

  begin();
  return {
    async close(graceMilliseconds) {
      closed = true;
      cancelPause?.();
      cancelSteady?.();
      if (session) await retire(session, graceMilliseconds);
      await Promise.race([Promise.allSettled(retiring), pause(graceMilliseconds)]);
      cancelPause?.();
    },
  };
}

function startSession(
  options: ReceivingOptions,
  events: { readonly onBroken: () => void; readonly onMessage: () => void },
): Session {
  const opened = options.open();
  const { receiver } = opened;
  const settlements = settlementQueue(options.clock);
  const inFlight = new Set<Promise<void>>();
  let stopped = false;

  async function settle(outcome: SettlementOutcome, message: ServiceBusReceivedMessage): Promise<void> {
    const run = (): Promise<void> =>
      outcome === 'complete' ? receiver.completeMessage(message) : receiver.abandonMessage(message);
    try {
      await settlements.settle(outcome, run);
    } catch (fault) {
      options.report('warning', `a message could not be settled (${outcome}): ${(fault as Error).message}`);
    }
  }

  async function process(message: ServiceBusReceivedMessage): Promise<void> {
    const stopRenewal = renewLock(receiver, message, options.maxLockRenewalMilliseconds, options.clock);
    try {
      const succeeded = await options.handle(message).then(
        () => true,
        () => false, // logged where the function was invoked
      );
      if (!succeeded) await settle('abandon', message);
      else if (options.autoComplete) await settle('complete', message);
    } finally {
      stopRenewal();
    }
  }

  async function processMessage(message: ServiceBusReceivedMessage): Promise<void> {
    // A message that arrives while stopping is left to its lock.
    if (stopped) return;
    events.onMessage();
    const work = process(message).finally(() => inFlight.delete(work));
    inFlight.add(work);
    await work;
  }

  async function processError({ error, errorSource }: ProcessErrorArgs): Promise<void> {
    if (stopped) return;
    options.report('warning', `${errorSource}: ${error.message}`);
    // The SDK reports a receive error after its own retries; other sources concern one message.
    if (errorSource === 'receive') setImmediate(events.onBroken); // once the session is known
  }

  const subscription = receiver.subscribe(
    { processMessage, processError },
    { autoCompleteMessages: false, maxConcurrentCalls: options.maxConcurrentCalls },
  );
  return {
    inFlight,
    close: () => opened.close(),
    async stop() {
      stopped = true;
      await subscription.close();
    },
  };
}
