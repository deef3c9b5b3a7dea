import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoundCounters } from '../../shared/contracts/documents.ts';
import {
  collectingVerdict,
  type RoundTally,
  stillPossible,
  unresolved,
  wakeUps,
} from '../../shared/domain/round-progress.ts';

const none: RoundCounters = {
  submitted: 0,
  admitted: 0,
  refused: 0,
  late: 0,
  declined: 0,
  failed: 0,
  unreachable: 0,
};
const tally = (counters: Partial<RoundCounters>, more: Partial<RoundTally> = {}): RoundTally => {
  return { phase: 'collecting', cohortSize: 3, quorum: 2, counters: { ...none, ...counters }, ...more };
};

describe('the verdict on a round that collects', () => {
  it.each<[Partial<RoundCounters>, string]>([
    [{}, 'undecided'],
    [{ submitted: 1 }, 'undecided'],
    [{ submitted: 1, admitted: 1 }, 'undecided'],
    [{ submitted: 3, admitted: 1 }, 'undecided'],
    [{ submitted: 2, admitted: 2 }, 'quorum'],
    [{ submitted: 3, admitted: 2 }, 'quorum'],
    [{ submitted: 3, admitted: 3 }, 'all-answered'],
    [{ submitted: 2, admitted: 2, declined: 1 }, 'all-answered'],
    [{ submitted: 3, admitted: 2, refused: 1 }, 'all-answered'],
    [{ declined: 1 }, 'undecided'],
    [{ declined: 1, failed: 1 }, 'out-of-reach'],
    [{ unreachable: 2 }, 'out-of-reach'],
    [{ submitted: 2, refused: 2 }, 'out-of-reach'],
  ])('of %j is %s', (counters, verdict) => {
    expect(collectingVerdict(tally(counters))).toBe(verdict);
  });

  it('is that it has stopped in every other phase', () => {
    for (const phase of ['draining', 'closing', 'closed', 'aggregated', 'failed', 'cancelled'] as const) {
      expect(collectingVerdict(tally({}, { phase }))).toBe('stopped');
    }
  });
});

/** What may become of a silo: a path through the states of a participation, as counter changes. */
const paths: readonly (readonly Partial<RoundCounters>[])[] = [
  [],
  [{ submitted: 1 }],
  [{ submitted: 1 }, { admitted: 1 }],
  [{ submitted: 1 }, { refused: 1 }],
  [{ submitted: 1, refused: 1 }],
  [{ submitted: 1 }, { late: 1 }],
  [{ submitted: 1, admitted: 1 }],
  [{ declined: 1 }],
  [{ failed: 1 }],
  [{ unreachable: 1 }],
];

function add(counters: RoundCounters, change: Partial<RoundCounters>): RoundCounters {
  const sum = { ...counters };
  for (const [name, by] of Object.entries(change)) sum[name as keyof RoundCounters] += by;
  return sum;
}

/** Every silo goes its own way; `order` says who moves next. */
const histories = fc.record({
  ways: fc.array(fc.constantFrom(...paths), { minLength: 1, maxLength: 8 }),
  quorum: fc.integer({ min: 1, max: 8 }),
  order: fc.array(fc.nat(7), { maxLength: 60 }),
});

describe('whatever silos do, in whatever order', () => {
  it('admitted and still possible together only fall, so that out of reach is final', () => {
    fc.assert(
      fc.property(histories, ({ ways, quorum, order }) => {
        const cohortSize = ways.length;
        const at = ways.map(() => 0);
        let counters = none;
        let reachable = cohortSize;
        let lost = false;
        for (const who of order) {
          const step = at[who];
          const change = step === undefined ? undefined : ways[who]?.[step];
          if (step === undefined || change === undefined) continue;
          at[who] = step + 1;
          counters = add(counters, change);
          const now: RoundTally = { phase: 'collecting', counters, cohortSize, quorum };
          const next = counters.admitted + stillPossible(now);
          expect(next).toBeLessThanOrEqual(reachable);
          expect(unresolved(counters)).toBeGreaterThanOrEqual(0);
          reachable = next;
          const verdict = collectingVerdict(now);
          if (lost) expect(verdict).toBe('out-of-reach');
          lost = verdict === 'out-of-reach';
          expect(lost).toBe(next < quorum);
        }
      }),
    );
  });

  it('a round that waits for nobody any more is woken for both of its waits', () => {
    fc.assert(
      fc.property(histories, ({ ways, quorum }) => {
        const counters = ways.flat().reduce(add, none);
        const now: RoundTally = { phase: 'collecting', counters, cohortSize: ways.length, quorum };
        if (stillPossible(now) === 0) expect(wakeUps(now)).toEqual(['quorum', 'settled']);
      }),
    );
  });
});

describe('a wake-up', () => {
  it('comes with quorum, with the last answer, and with the last admission while the round drains', () => {
    expect(wakeUps(tally({ submitted: 1, admitted: 1 }))).toEqual([]);
    expect(wakeUps(tally({ submitted: 2, admitted: 2 }))).toEqual(['quorum']);
    expect(wakeUps(tally({ submitted: 3, admitted: 3 }))).toEqual(['quorum', 'settled']);
    const draining = { phase: 'draining' as const };
    expect(wakeUps(tally({ submitted: 2, admitted: 1 }, draining))).toEqual([]);
    expect(wakeUps(tally({ submitted: 1, admitted: 1 }, draining))).toEqual(['settled']);
    expect(wakeUps(tally({ submitted: 2, admitted: 2 }, draining))).toEqual(['quorum', 'settled']);
  });
});
