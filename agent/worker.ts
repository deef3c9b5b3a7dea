/**
 * Works on one task at a time, in order of arrival. What cannot be done now (a vault that does not answer, a full
 * disk) is put off with a growing pause while the next task has its turn; nothing is given up for that.
 */
import { stat } from 'node:fs/promises';
import { backoffDelay } from './backoff.ts';
import { ifPresent } from './durable-file.ts';
import { isUnfinished, type JournalEntry } from './journal-entry.ts';
import { readResult } from './kept-result.ts';
import { reasonOf } from './log.ts';
import { nextStep } from './next-step.ts';
import { performStep } from './perform-step.ts';
import { sweep } from './sweep.ts';
import type { TaskContext } from './task-context.ts';
import { trainingKey } from './training-key.ts';
import { createWake } from './wake.ts';
import { sealedFile } from './work-directory.ts';

export interface Worker {
  run(signal: AbortSignal): Promise<void>;
  /** There may be something to do. */
  wake(this: void): void;
  /** Stops the work on this participation, if it is the present one. */
  interrupt(this: void, participation: string): void;
}

export function createWorker(options: TaskContext): Worker {
  const { config, work, journal, world, progress, log } = options;
  const { clock } = world;
  const wake = createWake(clock);
  const putOff = new Map<string, { failures: number; until: number }>();
  let present: { participation: string; stop: AbortController } | undefined;

  async function nextFor(entry: JournalEntry) {
    const result = await readResult(work.updates, trainingKey(entry.plan));
    const sealed = await ifPresent(stat(sealedFile(work, entry.participation)));
    return nextStep(entry, {
      numExamples: result?.numExamples,
      sealedFileExists: sealed !== undefined,
      policy: config.policy,
      now: clock.now(),
    });
  }

  /** Takes an entry as far as it goes. */
  async function advance(first: JournalEntry, signal: AbortSignal): Promise<void> {
    let entry = first;
    while (!signal.aborted) {
      const step = await nextFor(entry);
      if (step.do === 'wait') return;
      const state = await performStep(step, entry, { ...options, signal });
      if (state === undefined) return;
      const moved = await journal.move(entry, state);
      if (moved === undefined) return; // superseded, or the experiment has ended
      putOff.delete(entry.participation);
      entry = moved;
      if (state.step === 'over') {
        log('info', 'task-over', { participation: entry.participation, why: state.why });
        await sweep(work, journal);
      }
    }
  }

  async function attempt(entry: JournalEntry, signal: AbortSignal): Promise<void> {
    const { participation } = entry;
    const stop = new AbortController();
    present = { participation, stop };
    try {
      await advance(entry, AbortSignal.any([signal, stop.signal]));
    } catch (error) {
      if (signal.aborted || stop.signal.aborted || journal.get(participation) === undefined) return;
      const failures = (putOff.get(participation)?.failures ?? 0) + 1;
      const pause = backoffDelay(failures, options.backoff, clock.random);
      putOff.set(participation, { failures, until: clock.monotonic() + pause });
      const step = journal.get(participation)?.state.step;
      const seconds = Math.ceil(pause / 1_000);
      log('warn', 'step-put-off', { participation, after: step, reason: reasonOf(error), seconds });
    } finally {
      present = undefined;
    }
  }

  return {
    wake: () => wake.ring(),
    interrupt(participation) {
      if (present?.participation === participation) present.stop.abort();
    },
    async run(signal) {
      while (!signal.aborted) {
        const waiting = journal.entries().filter(isUnfinished);
        for (const known of putOff.keys()) {
          if (journal.get(known) === undefined) putOff.delete(known);
        }
        const now = clock.monotonic();
        const ready = waiting.find((entry) => (putOff.get(entry.participation)?.until ?? 0) <= now);
        if (ready !== undefined) {
          await attempt(ready, signal);
          continue;
        }
        if (waiting.length === 0) progress.idle();
        const until = waiting.map((entry) => putOff.get(entry.participation)?.until ?? now);
        await wake.wait(waiting.length === 0 ? 60_000 : Math.max(1, Math.min(...until) - now), signal);
      }
    },
  };
}
