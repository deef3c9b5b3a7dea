import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurableFile } from '../core/durable-file.ts';
import type { Clock } from '../durable/clock.ts';
import type { PassPoint } from '../durable/kill-point.ts';
import { type RegisteredFunction, triggerOf } from './core-api.ts';
import type { Invocation, Invoked } from './invocation.ts';
import type { Log } from './log.ts';
import { parseSchedule, type Schedule } from './ncrontab.ts';
import { resolveSetting } from './settings.ts';

export interface TimerTriggerOptions {
  readonly functions: Iterable<RegisteredFunction>;
  /** Holds when each timer last ran. */
  readonly directory: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly invoke: (fn: RegisteredFunction, invocation: Invocation) => Promise<Invoked>;
  readonly pass?: PassPoint;
}

export interface TimerTriggers {
  /** Runs a timer's function now, waiting for a run in progress; resolves false if there is no such timer. */
  run(name: string): Promise<boolean>;
  close(): void;
}

interface Monitor {
  /** Epoch milliseconds. */
  readonly last: number;
  readonly next: number | undefined;
}

function readMonitor(path: string): Monitor | undefined {
  try {
    const { last, next } = JSON.parse(readFileSync(path, 'utf8')) as { last?: unknown; next?: unknown };
    if (typeof last !== 'number') return undefined;
    return { last, next: typeof next === 'number' ? next : undefined };
  } catch {
    return undefined; // never ran, or unreadable: as good as never
  }
}

const iso = (time: number): string => new Date(time).toISOString();

/**
 * Starts the app's timers. Each runs one at a time on its schedule (UTC). The last run is persisted, so a run missed
 * while the host was down is made up for at start, once, with `isPastDue`.
 */
export async function startTimerTriggers(options: TimerTriggerOptions): Promise<TimerTriggers> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const timers = new Map<string, ReturnType<typeof startTimer>>();
  for (const fn of options.functions) {
    if (triggerOf(fn.metadata).binding.type !== 'timerTrigger') continue;
    timers.set(fn.metadata.name, startTimer(options, fn));
  }
  return {
    async run(name) {
      const timer = timers.get(name);
      await timer?.run(false);
      return timer !== undefined;
    },
    close() {
      for (const timer of timers.values()) timer.close();
    },
  };
}

function startTimer(options: TimerTriggerOptions, fn: RegisteredFunction) {
  const { clock, log } = options;
  const { name: bindingName, binding } = triggerOf(fn.metadata);
  const { name } = fn.metadata;
  const schedule: Schedule = parseSchedule(resolveSetting(String(binding['schedule']), options.settings));
  const path = join(options.directory, `${name}.json`);
  let monitor = readMonitor(path);
  let inProgress: Promise<void> = Promise.resolve();
  let closed = false;
  let cancel: (() => void) | undefined;

  async function once(isPastDue: boolean): Promise<void> {
    if (closed) return;
    const started = clock.now();
    const next = schedule.next(started);
    const input = {
      Schedule: { AdjustForDST: true },
      ScheduleStatus: {
        Last: iso(monitor?.last ?? 0),
        Next: iso(next ?? 0),
        LastUpdated: iso(monitor?.last ?? 0),
      },
      IsPastDue: isPastDue,
    };
    try {
      const data = { json: JSON.stringify(input) };
      const { error } = await options.invoke(fn, { inputData: [{ name: bindingName, data }] });
      if (error !== undefined) throw error;
    } catch (thrown) {
      log('error', `function.${name}`, thrown instanceof Error ? (thrown.stack ?? thrown.message) : 'failed');
    }
    options.pass?.('timer-before-record', name);
    // A run that failed has run: the schedule decides when the next one is due.
    monitor = { last: started, next };
    try {
      await writeDurableFile(path, JSON.stringify(monitor));
    } catch (fault) {
      log('error', `function.${name}`, `the timer's last run was not recorded: ${(fault as Error).message}`);
    }
  }

  function run(isPastDue: boolean): Promise<void> {
    inProgress = inProgress.then(() => once(isPastDue));
    return inProgress;
  }

  function arm(): void {
    const now = clock.now();
    const due = schedule.next(now);
    if (closed || due === undefined) return;
    cancel = clock.after(due - now, () => {
      if (clock.now() < due) {
        arm();
        return;
      }
      void run(false).then(arm);
    });
  }

  const missed = monitor?.next !== undefined && monitor.next <= clock.now();
  if (missed || binding['runOnStartup'] === true) void run(missed).then(arm);
  else arm();

  return {
    run,
    close() {
      closed = true;
      cancel?.();
    },
  };
}
