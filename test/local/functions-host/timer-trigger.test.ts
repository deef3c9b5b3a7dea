import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RegisteredFunction } from '../../../local/functions-host/core-api.ts';
import { startTimerTriggers } from '../../../local/functions-host/timer-trigger.ts';
import { type ManualClock, manualClock } from '../durable/manual-clock.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});
const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-timers-'));
  directories.push(directory);
  return directory;
};

const hourly = (options: Record<string, unknown> = {}): RegisteredFunction => ({
  metadata: {
    name: 'hourly',
    bindings: { timer: { type: 'timerTrigger', direction: 'in', schedule: '%WHEN%', ...options } },
  },
  callback: () => undefined,
});

interface TimerInput {
  readonly IsPastDue: boolean;
  readonly ScheduleStatus: { readonly Last: string; readonly Next: string };
}

async function start(
  clock: ManualClock,
  options: { directory: string; fn?: RegisteredFunction; run?: () => Promise<void> },
) {
  const inputs: TimerInput[] = [];
  const errors: string[] = [];
  const timers = await startTimerTriggers({
    functions: [options.fn ?? hourly()],
    directory: options.directory,
    settings: { WHEN: '0 0 * * * *' },
    clock,
    log: (_level, _category, message) => errors.push(message),
    async invoke(_fn, invocation) {
      inputs.push(JSON.parse(invocation.inputData[0]?.data?.json ?? '') as TimerInput);
      let error: unknown;
      await options.run?.().catch((thrown: unknown) => {
        error = thrown;
      });
      return { context: {}, error, response: async () => null };
    },
  });
  return { timers, inputs, errors };
}

const settled = async (probe: () => boolean): Promise<void> => {
  const end = Date.now() + 10_000;
  while (!probe()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

const at = (text: string): ManualClock => manualClock(Date.parse(text));

describe('a timer', () => {
  it('runs on its schedule and says when it ran and will run', async () => {
    const clock = at('2026-01-01T00:30:00Z');
    const { timers, inputs } = await start(clock, { directory: newDirectory() });
    clock.advance(1_799_999);
    expect(inputs).toHaveLength(0);
    clock.advance(1);
    await settled(() => inputs.length === 1 && clock.waiting === 1);
    clock.advance(3_600_000);
    await settled(() => inputs.length === 2 && clock.waiting === 1);
    expect(inputs[1]).toMatchObject({
      IsPastDue: false,
      ScheduleStatus: { Last: '2026-01-01T01:00:00.000Z', Next: '2026-01-01T03:00:00.000Z' },
    });
    timers.close();
    expect(clock.waiting).toBe(0);
  });

  it('makes up once, past due, for what it missed while nobody ran', async () => {
    const directory = newDirectory();
    const before = at('2026-01-01T00:59:59Z');
    const first = await start(before, { directory });
    before.advance(1_000);
    await settled(() => first.inputs.length === 1 && before.waiting === 1);
    first.timers.close();
    const clock = at('2026-01-01T09:10:00Z');
    const { timers, inputs } = await start(clock, { directory });
    await settled(() => inputs.length === 1 && clock.waiting === 1);
    expect(inputs[0]).toMatchObject({
      IsPastDue: true,
      ScheduleStatus: { Last: '2026-01-01T01:00:00.000Z' },
    });
    clock.advance(60_000);
    expect(inputs).toHaveLength(1);
    timers.close();
  });

  it('never runs twice at once, and does not run at start when nothing was missed', async () => {
    const clock = at('2026-01-01T00:59:59Z');
    let running = 0;
    let most = 0;
    const { timers, inputs } = await start(clock, {
      directory: newDirectory(),
      run: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
      },
    });
    expect(inputs).toHaveLength(0);
    await Promise.all([timers.run('hourly'), timers.run('hourly'), timers.run('hourly')]);
    expect([most, inputs.length]).toEqual([1, 3]);
    expect(await timers.run('other')).toBe(false);
    timers.close();
  });

  it('runs at start when asked to', async () => {
    const clock = at('2026-01-01T00:30:00Z');
    const { timers, inputs } = await start(clock, {
      directory: newDirectory(),
      fn: hourly({ runOnStartup: true }),
    });
    await settled(() => inputs.length === 1 && clock.waiting === 1);
    expect(inputs[0]?.IsPastDue).toBe(false);
    timers.close();
  });

  it('that fails is logged and runs again at its next time', async () => {
    const clock = at('2026-01-01T00:59:59Z');
    const { timers, inputs, errors } = await start(clock, {
      directory: newDirectory(),
      run: () => Promise.reject(new Error('broken')),
    });
    clock.advance(1_000);
    await settled(() => inputs.length === 1 && clock.waiting === 1);
    expect(errors[0]).toContain('broken');
    clock.advance(3_600_000);
    await settled(() => inputs.length === 2 && clock.waiting === 1);
    timers.close();
  });

  it('whose schedule is none is refused at start', async () => {
    await expect(
      start(at('2026-01-01T00:00:00Z'), { directory: newDirectory(), fn: hourly({ schedule: 'x' }) }),
    ).rejects.toThrow(/no schedule/);
  });
});
