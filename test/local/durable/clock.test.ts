import { describe, expect, it } from 'vitest';
import { advanceableClock, systemClock } from '../../../local/durable/clock.ts';
import { manualClock } from './manual-clock.ts';

describe('a clock that can be moved on', () => {
  const start = 1_000_000;

  it('runs as the one below it until it is moved, and ahead of it from then on', () => {
    const base = manualClock(start);
    const clock = advanceableClock(base);
    base.advance(5);
    expect(clock.now()).toBe(start + 5);
    clock.advance(100);
    base.advance(5);
    expect([clock.now(), clock.aheadMilliseconds]).toEqual([start + 110, 100]);
  });

  it('runs what has become due, the earliest first, and once', () => {
    const base = manualClock(start);
    const clock = advanceableClock(base);
    const ran: string[] = [];
    clock.after(200, () => ran.push('second'));
    clock.after(100, () => ran.push('first'));
    clock.after(900, () => ran.push('later'));
    clock.advance(500);
    expect(ran).toEqual(['first', 'second']);
    base.advance(399);
    expect(ran).toHaveLength(2);
    base.advance(1);
    expect(ran).toEqual(['first', 'second', 'later']);
    base.advance(10_000);
    expect(ran).toHaveLength(3);
    expect(base.waiting).toBe(0);
  });

  it('runs nothing that is cancelled, not even by what runs before it', () => {
    const base = manualClock(start);
    const clock = advanceableClock(base);
    const ran: string[] = [];
    const cancelSecond = clock.after(200, () => ran.push('second'));
    clock.after(100, () => cancelSecond());
    const cancelLater = clock.after(900, () => ran.push('later'));
    clock.advance(300);
    cancelLater();
    base.advance(10_000);
    expect([ran, base.waiting]).toEqual([[], 0]);
  });

  it('does not go back', () => {
    expect(() => advanceableClock(manualClock(start)).advance(-1)).toThrow(RangeError);
    expect(() => advanceableClock(manualClock(start)).advance(Number.NaN)).toThrow(RangeError);
  });
});

describe('the clock of the system', () => {
  it('runs what is due and nothing that is cancelled', async () => {
    const ran: string[] = [];
    systemClock.after(5, () => ran.push('cancelled'))();
    await new Promise<void>((resolve) => void systemClock.after(10, resolve));
    expect(ran).toEqual([]);
    const cancel = systemClock.after(2 ** 40, () => ran.push('too early')); // beyond the longest timeout
    await new Promise<void>((resolve) => void systemClock.after(5, resolve));
    cancel();
    expect(ran).toEqual([]);
  });
});
