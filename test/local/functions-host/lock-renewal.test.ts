import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { expect, it } from 'vitest';
import { renewLock } from '../../../local/functions-host/lock-renewal.ts';
import { manualClock } from '../durable/manual-clock.ts';

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

function setUp(lockMilliseconds: number, renewalMilliseconds: number) {
  const clock = manualClock(0);
  const message = { lockedUntilUtc: new Date(lockMilliseconds) } as ServiceBusReceivedMessage;
  const renewedAt: number[] = [];
  let broken = false;
  const receiver = {
    async renewMessageLock(): Promise<Date> {
      if (broken) throw new Error('not now');
      renewedAt.push(clock.now());
      message.lockedUntilUtc = new Date(clock.now() + lockMilliseconds);
      return message.lockedUntilUtc;
    },
  };
  const stop = renewLock(receiver, message, renewalMilliseconds, clock);
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await turns();
  };
  return { clock, renewedAt, stop, pass, break: (is: boolean) => (broken = is) };
}

it('a lock is renewed at half its time, until it is stopped', async () => {
  const { clock, renewedAt, stop, pass } = setUp(30_000, 300_000);
  for (let step = 0; step < 3; step++) await pass(15_000);
  expect(renewedAt).toEqual([15_000, 30_000, 45_000]);
  stop();
  expect(clock.waiting).toBe(0);
});

it('a lock is renewed for no longer than allowed', async () => {
  const { renewedAt, pass } = setUp(30_000, 40_000);
  for (let step = 0; step < 8; step++) await pass(15_000);
  expect(renewedAt).toEqual([15_000, 30_000]);
});

it('a renewal that fails is tried again while the lock is held, and given up when it is lost', async () => {
  const under = setUp(30_000, 300_000);
  under.break(true);
  await under.pass(15_000);
  under.break(false);
  await under.pass(7_500);
  expect(under.renewedAt).toEqual([22_500]);
  under.break(true);
  for (let step = 0; step < 40; step++) await under.pass(1_000);
  expect(under.clock.waiting).toBe(0);
});
