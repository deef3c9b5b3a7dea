/** The silo's agent: a queue is read into a journal, a worker works the journal off. See journal-entry.ts. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { acceptMessage } from './accept-message.ts';
import type { BackoffLimits } from './backoff.ts';
import type { SiloConfig } from './config.ts';
import { openJournal } from './journal.ts';
import type { Log } from './log.ts';
import type { World } from './ports.ts';
import { startProgress } from './progress.ts';
import { forgetLongPast, sweep } from './sweep.ts';
import { killLeftover } from './trainer.ts';
import { openWorkDirectory } from './work-directory.ts';
import { lockWorkDirectory } from './work-lock.ts';
import { createWorker } from './worker.ts';

export interface AgentOptions {
  readonly config: SiloConfig;
  readonly world: World;
  readonly log: Log;
  /** Name and version, as signals tell it. */
  readonly agent: string;
  readonly backoff?: BackoffLimits;
  readonly retryLater?: BackoffLimits;
  readonly signalIntervalMs?: number;
  /** How the journal is opened; tests make it fail at a chosen write. */
  readonly journalAt?: typeof openJournal;
}

/**
 * Runs until `signal` aborts, then stops at once: the journal resumes what was under way. Throws when the work
 * directory cannot be used or is in use.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { config, world, log } = options;
  const work = await openWorkDirectory(config.workDirectory);
  const release = lockWorkDirectory(work.root);
  const stop = new AbortController();
  const stopping = AbortSignal.any([signal, stop.signal]);
  try {
    for (const name of await readdir(work.tasks)) killLeftover(join(work.tasks, name));
    const journal = await (options.journalAt ?? openJournal)(work.journal, log);
    await forgetLongPast(journal, world.clock.now());
    await sweep(work, journal);
    const progress = startProgress({
      outbox: world.outbox,
      clock: world.clock,
      silo: config.silo,
      agent: options.agent,
      intervalMs: options.signalIntervalMs ?? 45_000,
    });
    const worker = createWorker({
      config,
      work,
      journal,
      world,
      progress,
      log,
      backoff: options.backoff ?? { firstMs: 500, maxMs: 60_000 },
      retryLater: options.retryLater ?? { firstMs: 5_000, maxMs: 120_000 },
    });
    const reception = {
      silo: config.silo,
      pin: config.coordinator.planSigningThumbprint,
      journal,
      work,
      log,
      wake: worker.wake,
      interrupt: worker.interrupt,
    };
    log('info', 'agent-started', { silo: config.silo, unfinished: journal.entries().length });
    const loops = [
      world.inbox.receive((body) => acceptMessage(body, reception), stopping),
      worker.run(stopping),
      progress.run(stopping),
    ];
    try {
      await Promise.all(loops);
    } finally {
      // Whichever loop failed, the others end before the lock is given up.
      stop.abort();
      await Promise.allSettled(loops);
    }
    log('info', 'agent-stopped', { silo: config.silo });
  } finally {
    release();
  }
}
