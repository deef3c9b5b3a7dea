import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../shared/contracts/did-you-mean.ts';
import { faultsOf } from '../../shared/contracts/faults.ts';
import { experimentSpec } from '../../shared/contracts/spec.ts';
import { checkSpec } from '../../shared/domain/check-spec.ts';

const good = {
  name: 'spec',
  silos: ['a', 'b'],
  rounds: 1,
  initialModel: { kind: 'init', silo: 'a' },
};
const now = '2026-01-01T00:00:00.000Z';

function faults(document: unknown) {
  const parsed = experimentSpec.safeParse(document);
  return parsed.success ? [] : faultsOf(parsed.error, experimentSpec);
}

describe('a suggestion', () => {
  it('is the nearest known word, where one is near', () => {
    expect(didYouMean('qorum', ['rounds', 'quorum'])).toBe('quorum');
    expect(didYouMean('ROUNDS', ['rounds'])).toBe('rounds');
    expect(didYouMean('deadlineSecond', ['graceSeconds', 'deadlineSeconds'])).toBe('deadlineSeconds');
    expect(didYouMean('zebra', ['rounds', 'quorum'])).toBeUndefined();
    expect(didYouMean('x', [])).toBeUndefined();
    expect(didYouMean('', ['rounds'])).toBeUndefined();
  });
});

describe('faults of a document', () => {
  it('name each unknown field by path, with what was probably meant', () => {
    const document = {
      ...good,
      ronds: 1,
      roundPolicy: { graceSecond: 1, cohort: { fractoin: 1 } },
      initialModel: { kind: 'upload', sha265: 'x' },
    };
    const found = faults(document).map(({ path, suggestion }) => [path, suggestion]);
    expect(found).toContainEqual(['ronds', 'rounds']);
    expect(found).toContainEqual(['roundPolicy.graceSecond', 'graceSeconds']);
    expect(found).toContainEqual(['initialModel.sha265', 'sha256']);
  });

  it('name wrong values by path, lists by index', () => {
    const document = { ...good, silos: ['a', 'B'], training: { normCap: -1 } };
    expect(faults(document).map(({ path, unknownField }) => [path, unknownField])).toEqual([
      ['silos.1', false],
      ['training.normCap', false],
    ]);
  });
});

describe('a spec by itself', () => {
  const slugOf = (document: unknown) => {
    const checked = checkSpec(document, now);
    return checked.ok ? 'ok' : checked.slug;
  };

  it('comes with its defaults filled in', () => {
    const checked = checkSpec(good, now);
    expect(checked.ok && checked.spec.roundPolicy).toEqual({
      cohort: { fraction: 1 },
      deadlineSeconds: 3_600,
      graceSeconds: 30,
      drainSeconds: 120,
      maxAttempts: 3,
      backoffSeconds: 10,
    });
  });

  it('is refused by the first slug that applies', () => {
    const policy = (roundPolicy: object) => ({ ...good, roundPolicy });
    expect(slugOf({ ...good, rouns: 1 })).toBe('spec-unknown-field');
    expect(slugOf({ ...good, rouns: 1, rounds: 'x' })).toBe('spec-invalid');
    expect(slugOf({ ...good, silos: ['a', 'a'] })).toBe('spec-invalid');
    expect(slugOf({ ...good, silos: ['b'] })).toBe('spec-invalid');
    expect(slugOf(policy({ quorum: 3 }))).toBe('quorum-impossible');
    expect(slugOf(policy({ quorum: 2, cohort: { fraction: 0.5 } }))).toBe('quorum-impossible');
    expect(slugOf(policy({ quorum: 1, cohort: { fraction: 0.5 } }))).toBe('ok');
    expect(slugOf(policy({ cohort: { size: 3 } }))).toBe('quorum-impossible');
    expect(slugOf(policy({ endBy: now }))).toBe('deadline-past');
    expect(slugOf(policy({ endBy: '2026-01-01T00:00:01.000Z' }))).toBe('ok');
    expect(slugOf({ ...good, privacy: { tier: 'attested' } })).toBe('privacy-tier-incompatible');
  });

  it('is refused for what is no document at all', () => {
    for (const nothing of [undefined, null, 7, 'text', [], { privacy: null }]) {
      expect(slugOf(nothing)).toBe('spec-invalid');
    }
  });
});
