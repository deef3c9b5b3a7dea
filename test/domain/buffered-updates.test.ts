import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrozenSet, ParticipationDocument } from '../../shared/contracts/documents.ts';
import { countedNow } from '../../shared/domain/buffered-updates.ts';

const digest = 'a'.repeat(64);
const pin = { path: 'p', etag: 'e', sha256: digest, bytes: 1 };

function late(silo: string, round: number, attempt = 1, pinned = true): ParticipationDocument {
  return {
    id: `part.${round}.${attempt}.${silo}`,
    kind: 'participation',
    experimentId: 'exp-01arz3ndektsv4rrffq69g5fav',
    round,
    attempt,
    silo,
    state: 'late',
    replyDigest: digest,
    manifest: { path: 'm', sha256: digest, bytes: 1 },
    weight: 1,
    numExamples: 1,
    metrics: {},
    pin: pinned ? pin : null,
    evidence: { norm: 1, maxAbs: 1 },
    reason: null,
    submittedAt: '2026-01-01T00:00:00.000Z',
    decidedAt: null,
  };
}

function published(round: number, rows: readonly (readonly [string, number])[]): FrozenSet {
  return {
    experiment: 'exp-01arz3ndektsv4rrffq69g5fav',
    round,
    attempt: 1,
    plan: digest,
    base: { version: round - 1, sha256: digest, bytes: 8 },
    state: null,
    strategy: 'fedbuff',
    sumMode: 'canonical-f64/1',
    updates: rows.map(([silo, staleness]) => {
      return {
        silo,
        weight: 1,
        norm: 1,
        metrics: {},
        staleness,
        manifest: { path: 'm', sha256: digest, bytes: 1 },
        pin,
      };
    }),
  };
}

const names = (updates: readonly ParticipationDocument[]) => updates.map(({ id }) => id);

describe('late updates', () => {
  it('count when no published set has counted them', () => {
    const sets = [published(1, [['a', 0]]), published(2, [['a', 0]])];
    expect(names(countedNow([late('b', 1), late('b', 2)], sets))).toEqual(['part.1.1.b', 'part.2.1.b']);
  });

  it('count no second time, neither late nor beside the same work in time', () => {
    const sets = [
      published(1, [['a', 0]]),
      published(2, [
        ['a', 0],
        ['b', 1],
      ]),
    ];
    expect(names(countedNow([late('b', 1)], sets))).toEqual([]);
    // Attempt 1 came late, attempt 2 of the same round was in time: one training, one contribution.
    expect(names(countedNow([late('a', 1)], sets))).toEqual([]);
  });

  it('of several attempts at one round count once, by the last', () => {
    expect(names(countedNow([late('a', 1, 3), late('a', 1, 1), late('a', 1, 2)], []))).toEqual([
      'part.1.3.a',
    ]);
  });

  it('that were never inspected do not count', () => {
    expect(names(countedNow([late('a', 1, 1, false)], []))).toEqual([]);
  });

  it('count exactly once over any course of rounds, whenever they arrive', () => {
    const arrivals = fc.array(
      fc.record({
        silo: fc.constantFrom('a', 'b', 'c'),
        round: fc.integer({ min: 1, max: 5 }),
        delay: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(arrivals, (updates) => {
        const sets: FrozenSet[] = [];
        for (let round = 1; round <= 9; round++) {
          const arrived = updates.filter((update) => update.round + update.delay <= round);
          const now = countedNow(
            arrived.map(({ silo, round: of }) => late(silo, of)),
            sets,
          );
          sets.push(
            published(
              round,
              now.map((update) => [update.silo, round - update.round]),
            ),
          );
        }
        const counted = sets.flatMap(({ round, updates: rows }) =>
          rows.map(({ silo, staleness }) => `${silo}/${round - staleness}`),
        );
        const expected = new Set(updates.map(({ silo, round }) => `${silo}/${round}`));
        expect(counted.toSorted()).toEqual([...expected].toSorted());
      }),
    );
  });
});
