import { describe, expect, it } from 'vitest';
import type { FrozenSet } from '../../shared/contracts/documents.ts';
import { roundEvidence } from '../../shared/contracts/round-evidence.ts';
import { roundEvidenceOf } from '../../shared/domain/round-evidence.ts';
import { runRound, strategy } from './strategies/small-federation.ts';

const digest = 'a'.repeat(64);

function setOf(norms: readonly number[]): FrozenSet {
  return {
    experiment: 'exp-01arz3ndektsv4rrffq69g5fav',
    round: 2,
    attempt: 1,
    plan: digest,
    base: { version: 1, sha256: digest, bytes: 8 },
    state: null,
    strategy: 'krum',
    sumMode: 'canonical-f64/1',
    updates: norms.map((norm, i) => ({
      silo: `silo-${i}`,
      weight: 1,
      norm,
      metrics: {},
      staleness: 0,
      manifest: { path: 'm', sha256: digest, bytes: 1 },
      pin: { path: 'p', etag: 'e', sha256: digest, bytes: 1 },
    })),
  };
}

describe('the evidence of a round', () => {
  const xs = [[1], [1.5], [2], [2.5], [9]];
  const decision = runRound(
    strategy({ kind: 'krum', byzantine: 1 }),
    xs.map((x) => ({ x })),
  );
  const set = setOf([1, 1.5, 2, 2.5, 9]);

  it('has a row for every update of the set, in its order, and holds its own shape', () => {
    const scales = [1, 1, 1, 1, 0.5];
    const evidence = roundEvidenceOf(set, digest, {
      decision,
      scales,
      cosines: [1, 1, 1 + 2 ** -50, null, -1],
    });
    expect(roundEvidence.parse(evidence)).toEqual(evidence);
    expect(
      evidence.updates.map(({ silo, included, share, cosine }) => [silo, included, share, cosine]),
    ).toEqual([
      ['silo-0', false, 0, 1],
      ['silo-1', true, 1, 1],
      ['silo-2', false, 0, 1],
      ['silo-3', false, 0, null],
      ['silo-4', false, 0, -1],
    ]);
    expect(evidence.updates[4]).toMatchObject({ norm: 9, scale: 0.5, staleness: 0 });
    expect(evidence.updates.map(({ score }) => score)).toEqual([1.25, 0.5, 0.5, 1.25, 42.25 + 49]);
  });

  it('leaves out a score that the rule does not have', () => {
    const plain = runRound(
      strategy({ kind: 'fedavg' }),
      xs.map((x) => ({ x })),
    );
    const evidence = roundEvidenceOf(set, digest, { decision: plain, scales: [1, 1, 1, 1, 1], cosines: [] });
    expect(evidence.updates.every((row) => !('score' in row) && row.cosine === null)).toBe(true);
  });

  it('is not made from a decision about another set', () => {
    const figures = { decision, scales: [], cosines: [] };
    expect(() => roundEvidenceOf(setOf([1, 1, 1, 1, 1, 1]), digest, figures)).toThrow(/verdict/);
  });
});
