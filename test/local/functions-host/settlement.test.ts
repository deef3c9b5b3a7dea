import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../local/durable/clock.ts';
import { type SettlementOutcome, settlementQueue } from '../../../local/functions-host/settlement.ts';
import { manualClock } from '../durable/manual-clock.ts';

/** Says in which turn of the event loop each settlement began. */
function turns() {
  let turn = 0;
  let counting = true;
  const count = (): void => {
    turn++;
    if (counting) setImmediate(count);
  };
  count();
  const begun: { outcome: SettlementOutcome; turn: number }[] = [];
  return {
    begun,
    begin: (outcome: SettlementOutcome) => begun.push({ outcome, turn }),
    stop: () => {
      counting = false;
    },
  };
}

describe('settlements of one receiver', () => {
  it('never begin with different outcomes in one turn of the event loop', async () => {
    const { begun, begin, stop } = turns();
    const queue = settlementQueue(systemClock);
    const outcomes: SettlementOutcome[] = Array.from({ length: 50 }, (_, index) =>
      index % 3 === 0 ? 'abandon' : 'complete',
    );
    await Promise.all(outcomes.map((outcome) => queue.settle(outcome, async () => void begin(outcome))));
    stop();
    const byTurn = new Map<number, Set<SettlementOutcome>>();
    for (const { outcome, turn } of begun) byTurn.set(turn, (byTurn.get(turn) ?? new Set()).add(outcome));
    expect(begun).toHaveLength(50);
    for (const together of byTurn.values()) expect(together.size).toBe(1);
  });

  it('wait for the answers to those before, but not for ever', async () => {
    const clock = manualClock(0);
    const queue = settlementQueue(clock);
    const begun: string[] = [];
    const first = queue.settle('complete', () => {
      begun.push('never answered');
      return new Promise(() => {});
    });
    const refused = expect(first).rejects.toThrow('did not answer');
    const second = queue.settle('abandon', async () => void begun.push('second'));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual(['never answered']);
    clock.advance(3_000);
    await second;
    await refused;
    expect(begun).toEqual(['never answered', 'second']);
  });

  it('fail on their own, without holding up others', async () => {
    const queue = settlementQueue(systemClock);
    const failed = queue.settle('complete', () => Promise.reject(new Error('lock lost')));
    const after = queue.settle('abandon', async () => {});
    await expect(failed).rejects.toThrow('lock lost');
    await after;
  });
});
