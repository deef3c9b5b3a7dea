/** Signs of life while a task is held: on every change of stage and every so often. They decide nothing. */
import type { Signal } from '../shared/contracts/signal.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { Clock, Outbox } from './ports.ts';

export interface Progress {
  stage(entry: JournalEntry, stage: Signal['stage']): void;
  /** The task is no longer held. */
  idle(): void;
  /** Repeats the present stage until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const TIME_TO_LIVE_MS = 120_000;

export function startProgress(options: {
  outbox: Outbox;
  clock: Clock;
  silo: string;
  agent: string;
  intervalMs: number;
}): Progress {
  const { outbox, clock, silo, agent } = options;
  let present: Signal | undefined;
  let sending = false;
  let waiting: Signal | undefined;
  let count = 0;

  /** One at a time: behind a broker that does not answer, signals would only pile up. The latest follows. */
  async function send(signal: Signal): Promise<void> {
    waiting = signal;
    if (sending) return;
    sending = true;
    while (waiting !== undefined) {
      const next = waiting;
      waiting = undefined;
      await sendOnce(next);
    }
    sending = false;
  }

  async function sendOnce(signal: Signal): Promise<void> {
    count += 1;
    const messageId = `${signal.exp}.${signal.round}.${signal.attempt}.${silo}#signal#${clock.now()}.${count}`;
    try {
      await outbox.send('signals', { messageId, body: signal, timeToLiveMs: TIME_TO_LIVE_MS });
    } catch {
      // advisory: the next one may get through
    }
  }

  return {
    stage(entry, stage) {
      const { experiment: exp, round, attempt } = entry.plan;
      present = { kind: 'signal', exp, round, attempt, silo, stage, agent };
      void send(present);
    },
    idle() {
      present = undefined;
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(options.intervalMs * (0.8 + 0.4 * clock.random()), signal);
        if (present !== undefined && !signal.aborted) void send(present);
      }
    },
  };
}
