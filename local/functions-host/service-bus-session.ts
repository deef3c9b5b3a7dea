/** One receiver and what it feeds, from its subscription to its close; the invariants are in service-bus-receiving.ts. */
import type { ProcessErrorArgs, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import type { Clock } from '../durable/clock.ts';
import { renewLock } from './lock-renewal.ts';
import { type SettlementOutcome, SettlementUnanswered, settlementQueue } from './settlement.ts';

/** What the trigger needs of the official receiver. */
export type TriggerReceiver = Pick<
  ServiceBusReceiver,
  'subscribe' | 'completeMessage' | 'abandonMessage' | 'renewMessageLock' | 'peekMessages'
>;

export interface OpenedReceiver {
  readonly receiver: TriggerReceiver;
  close(): Promise<void>;
}

export type OpenReceiver = () => OpenedReceiver;

export interface SessionOptions {
  readonly open: OpenReceiver;
  readonly maxConcurrentCalls: number;
  /** For how long a running function's lock is renewed. */
  readonly maxLockRenewalMilliseconds: number;
  /** false leaves completed handlers' messages to their locks, as Azure does. */
  readonly autoComplete: boolean;
  readonly handle: (message: ServiceBusReceivedMessage) => Promise<void>;
  readonly clock: Clock;
  readonly report: (level: 'warning' | 'error', message: string) => void;
  readonly pass?: (point: 'message-before-settle' | 'message-after-settle') => void;
}

const idleCheckAfter = 10_000;

export interface Session {
  readonly inFlight: Set<Promise<void>>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Throws when the receiver cannot be opened. */
export function startSession(
  options: SessionOptions,
  events: { readonly onBroken: () => void; readonly onMessage: () => void },
): Session {
  const opened = options.open();
  const { receiver } = opened;
  const settlements = settlementQueue(options.clock);
  const inFlight = new Set<Promise<void>>();
  let stopped = false;
  let quiet = true;
  let cancelCheck = (): void => {};

  // Once the session is known: an error may come before that.
  const broken = (): void => void setImmediate(events.onBroken);

  async function settle(outcome: SettlementOutcome, message: ServiceBusReceivedMessage): Promise<void> {
    const run = (): Promise<void> =>
      outcome === 'complete' ? receiver.completeMessage(message) : receiver.abandonMessage(message);
    try {
      await settlements.settle(outcome, run);
    } catch (fault) {
      options.report('warning', `a message could not be settled (${outcome}): ${(fault as Error).message}`);
      if (fault instanceof SettlementUnanswered) broken();
    }
  }

  async function process(message: ServiceBusReceivedMessage): Promise<void> {
    const stopRenewal = renewLock(receiver, message, options.maxLockRenewalMilliseconds, options.clock);
    try {
      const succeeded = await options.handle(message).then(
        () => true,
        () => false, // logged where the function was invoked
      );
      options.pass?.('message-before-settle');
      if (!succeeded) await settle('abandon', message);
      else if (options.autoComplete) await settle('complete', message);
      options.pass?.('message-after-settle');
    } finally {
      stopRenewal();
    }
  }

  async function processMessage(message: ServiceBusReceivedMessage): Promise<void> {
    // A message that arrives while stopping is left to its lock.
    if (stopped) return;
    quiet = false;
    events.onMessage();
    const work = process(message).finally(() => inFlight.delete(work));
    inFlight.add(work);
    await work;
  }

  async function processError({ error, errorSource }: ProcessErrorArgs): Promise<void> {
    if (stopped) return;
    options.report('warning', `${errorSource}: ${error.message}`);
    // The SDK reports a receive error after its own retries; other sources concern one message.
    if (errorSource === 'receive') broken();
  }

  /** Invariant 4: looks whether messages wait though none has come for a while. */
  async function checkWhenQuiet(): Promise<void> {
    const idle = quiet && inFlight.size === 0;
    quiet = true;
    if (idle && !stopped) {
      try {
        const [waiting] = await receiver.peekMessages(1);
        if (waiting?.state === 'active' && quiet && inFlight.size === 0) {
          options.report('warning', 'messages wait but none arrives; the receiver is replaced');
          broken();
        }
      } catch (fault) {
        options.report('warning', `the receiver does not answer: ${(fault as Error).message}`);
        broken();
      }
    }
    scheduleCheck();
  }

  function scheduleCheck(): void {
    if (!stopped) cancelCheck = options.clock.after(idleCheckAfter, () => void checkWhenQuiet());
  }

  scheduleCheck();
  const subscription = receiver.subscribe(
    { processMessage, processError },
    { autoCompleteMessages: false, maxConcurrentCalls: options.maxConcurrentCalls },
  );
  return {
    inFlight,
    close: () => opened.close(),
    async stop() {
      stopped = true;
      cancelCheck();
      await subscription.close();
    },
  };
}
