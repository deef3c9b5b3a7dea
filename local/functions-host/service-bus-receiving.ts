/**
 * Keeps receiving from one entity for ever. Invariants:
 *
 * 1. A message is completed if and only if its handler returned; a handler that throws has it abandoned.
 * 2. When receiving breaks, a new receiver takes over after a pause; the old one stays open until the handlers that it
 *    fed have settled, because a lock can only be settled through its own client.
 * 3. Locks are renewed until the message is settled or its settlement has failed; then the lock runs out and the
 *    message comes again. (Trying again is no use: after a reconnection the SDK settles on the link that is gone.)
 * 4. A receiver is not trusted to know that it is broken: when a connection is lost while it reconnects, the SDK may
 *    stay silent for ever. A settlement without an answer, or messages waiting while nothing arrives, count as broken.
 */
import { atMost } from './at-most.ts';
import { type Session, type SessionOptions, startSession } from './service-bus-session.ts';

export interface ReceivingOptions extends SessionOptions {
  /** Spreads the pauses, in [0, 1). */
  readonly random: () => number;
}

export interface Receiving {
  /** Takes no more messages, gives running handlers up to `graceMilliseconds`, closes the receivers. */
  close(graceMilliseconds: number): Promise<void>;
}

const firstPause = 100;
const longestPause = 10_000;
const retireAfter = 60_000;
const steadyAfter = 30_000;
const longestClose = 3_000;

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

  const quietly = (what: string, work: Promise<void>): Promise<void> =>
    work.catch((fault: unknown) => options.report('warning', `${what} failed: ${(fault as Error).message}`));

  async function retire(target: Session, milliseconds: number): Promise<void> {
    await atMost(clock, longestClose, quietly('stopping a receiver', target.stop()));
    await atMost(clock, milliseconds, Promise.allSettled(target.inFlight));
    await atMost(clock, longestClose, quietly('closing a receiver', target.close()));
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
      await atMost(clock, graceMilliseconds, Promise.allSettled(retiring));
    },
  };
}
