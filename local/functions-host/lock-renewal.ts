import type { ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus';
import type { Clock } from '../durable/clock.ts';

const shortestPause = 500;

/**
 * Renews a message's lock at half its remaining time, for at most `milliseconds`; returns a function that stops it.
 * The SDK's own renewal is not used: after a reconnection it no longer finds a message to stop renewing, so a message
 * whose settlement got lost with the connection would stay locked for the whole renewal duration.
 */
export function renewLock(
  receiver: Pick<ServiceBusReceiver, 'renewMessageLock'>,
  message: ServiceBusReceivedMessage,
  milliseconds: number,
  clock: Clock,
): () => void {
  const end = clock.now() + milliseconds;
  let stopped = false;
  let cancel = (): void => {};

  async function renew(): Promise<void> {
    try {
      await receiver.renewMessageLock(message);
    } catch {
      // The connection may come back while the lock is held; when the lock is lost the message comes again anyway.
      const lockedUntil = message.lockedUntilUtc?.getTime() ?? 0;
      if (lockedUntil <= clock.now()) return;
    }
    schedule();
  }

  function schedule(): void {
    const now = clock.now();
    const remaining = (message.lockedUntilUtc?.getTime() ?? now) - now;
    const pause = Math.max(remaining / 2, shortestPause);
    if (stopped || now + pause > end) return;
    cancel = clock.after(pause, () => void renew());
  }

  schedule();
  return () => {
    stopped = true;
    cancel();
  };
}
