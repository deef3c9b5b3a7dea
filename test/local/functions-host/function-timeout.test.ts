import { describe, expect, it } from 'vitest';
import { FunctionTimeout, withFunctionTimeout } from '../../../local/functions-host/function-timeout.ts';
import { manualClock } from '../durable/manual-clock.ts';

describe('functionTimeout', () => {
  it('fails an invocation that takes longer, naming the function and the limit', async () => {
    const clock = manualClock(0);
    const timed = withFunctionTimeout('slow', 5_400_000, clock, () => new Promise(() => {}));
    clock.advance(5_400_000);
    await expect(timed).rejects.toThrow(FunctionTimeout);
    await expect(timed).rejects.toThrow('Timeout value of 01:30:00 was exceeded by function: Functions.slow');
  });

  it('leaves results, errors and the clock alone when the function is in time', async () => {
    const clock = manualClock(0);
    expect(await withFunctionTimeout('quick', 1_000, clock, async () => 7)).toBe(7);
    const failing = withFunctionTimeout('failing', 1_000, clock, () => Promise.reject(new Error('own')));
    await expect(failing).rejects.toThrow('own');
    expect(clock.waiting).toBe(0);
  });

  it('does not use what comes too late', async () => {
    const clock = manualClock(0);
    let finish: (value: string) => void = () => {};
    const timed = withFunctionTimeout('late', 10, clock, () => new Promise((resolve) => (finish = resolve)));
    clock.advance(10);
    finish('late');
    await expect(timed).rejects.toThrow(FunctionTimeout);
  });

  it('may be off', async () => {
    const clock = manualClock(0);
    let finish: (value: string) => void = () => {};
    const timed = withFunctionTimeout(
      'endless',
      undefined,
      clock,
      () => new Promise((resolve) => (finish = resolve)),
    );
    expect(clock.waiting).toBe(0);
    finish('done');
    expect(await timed).toBe('done');
  });
});
