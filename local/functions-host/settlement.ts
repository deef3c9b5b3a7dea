/**
 * Settles the messages of one receiver so that different outcomes never share a turn of the event loop.
 *
 * rhea 3.0.5 merges the dispositions of one turn into a range without comparing the outcomes of its first two
 * deliveries: a message abandoned beside a completed one would be completed too, and lost. So settlements run in
 * groups of one outcome, and a group begins only after the one before it has been answered.
 */
export type SettlementOutcome = 'complete' | 'abandon';

export interface SettlementQueue {
  /** Resolves or rejects with what `run` does, once it is its turn. */
  settle(outcome: SettlementOutcome, run: () => Promise<void>): Promise<void>;
}

interface Entry {
  readonly outcome: SettlementOutcome;
  readonly start: () => Promise<unknown>;
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function settlementQueue(): SettlementQueue {
  const waiting: Entry[] = [];
  let draining = false;

  async function drain(): Promise<void> {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const { outcome } = first;
      const group: Promise<unknown>[] = [];
      while (waiting[0]?.outcome === outcome) {
        const entry = waiting.shift();
        if (entry) group.push(entry.start());
      }
      await Promise.allSettled(group);
      await turnOfTheLoop();
    }
    draining = false;
  }

  return {
    settle(outcome, run) {
      const settled = new Promise<void>((resolve, reject) => {
        waiting.push({ outcome, start: () => run().then(resolve, reject) });
      });
      if (!draining) {
        draining = true;
        void drain();
      }
      return settled;
    },
  };
}
