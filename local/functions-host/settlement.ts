/**
 * Settles the messages of one receiver so that different outcomes never share a turn of the event loop.
 *
 * rhea 3.0.5 merges the dispositions of one turn into a range without comparing the outcomes of its first two
 * deliveries: a message abandoned beside a completed one would be completed too, and lost. So when the outcome
 * changes, the settlements before are answered first (or given up) and a turn passes. The client must not retry
 * settlements by itself, or a late retry could share a turn with another outcome.
 */
import type { Clock } from '../durable/clock.ts';

export type SettlementOutcome = 'complete' | 'abandon';

export interface SettlementQueue {
  /**
   * Resolves or rejects with what `run` does, once it is its turn. Rejects with {@link SettlementUnanswered} when `run` takes longer
   * than three seconds: after a connection was cut the SDK waits for an answer that never comes.
   */
  settle(outcome: SettlementOutcome, run: () => Promise<void>): Promise<void>;
}

/** Whether the message was settled is not known. */
export class SettlementUnanswered extends Error {
  override readonly name = 'SettlementUnanswered';
}

interface Entry {
  readonly outcome: SettlementOutcome;
  readonly start: () => Promise<void>;
}

const longestWait = 3_000;

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function settlementQueue(clock: Clock): SettlementQueue {
  const waiting: Entry[] = [];
  const outstanding = new Set<Promise<void>>();
  let current: SettlementOutcome | undefined;
  let draining = false;

  async function drain(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (next.outcome !== current) {
        await Promise.all(outstanding);
        await turnOfTheLoop();
        current = next.outcome;
      }
      const settled = next.start().finally(() => outstanding.delete(settled));
      outstanding.add(settled);
    }
    draining = false;
  }

  return {
    settle(outcome, run) {
      const settled = new Promise<void>((resolve, reject) => {
        const start = async (): Promise<void> => {
          const answered = run().then(resolve, reject);
          let cancel: (() => void) | undefined;
          const limit = new Promise<void>((passed) => {
            cancel = clock.after(longestWait, () => {
              reject(new SettlementUnanswered('the broker did not answer the settlement'));
              passed();
            });
          });
          await Promise.race([answered, limit]);
          cancel?.();
        };
        waiting.push({ outcome, start });
      });
      if (!draining) {
        draining = true;
        void drain();
      }
      return settled;
    },
  };
}
