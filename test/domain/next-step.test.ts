import { describe, expect, it } from 'vitest';
import type { ExperimentDocument } from '../../shared/contracts/documents.ts';
import { experimentSpec } from '../../shared/contracts/spec.ts';
import { type AttemptResult, afterAttempt, nextStep } from '../../shared/domain/next-step.ts';

const spec = experimentSpec.parse({
  name: 'steps',
  silos: ['a'],
  rounds: 2,
  initialModel: { kind: 'init', silo: 'a' },
  stop: { metric: 'auc', mode: 'max', target: 0.9 },
});
const pointer = (version: number) => {
  return { version, sha256: '0'.repeat(64), bytes: 1, path: 'p', schema: '0'.repeat(64) };
};
type Standing = Parameters<typeof nextStep>[0];
const standing = (changes: Partial<ExperimentDocument> = {}): Standing => {
  return { status: 'running', spec, requested: null, pointer: null, best: null, sinceBest: 0, ...changes };
};
const start = { round: 0, attempt: 1 };
const facts = { pointerIsScored: false, evaluationFailed: false, pastEnd: false };

describe('the next step of an experiment', () => {
  it('is the first model, then a round for each version, then the score of the last one, then the end', () => {
    expect(nextStep(standing(), start, facts)).toEqual({ kind: 'round', task: 'init', round: 0, attempt: 1 });
    const train = nextStep(standing({ pointer: pointer(0) }), { round: 1, attempt: 1 }, facts);
    expect(train).toEqual({ kind: 'round', task: 'train', round: 1, attempt: 1 });
    const last = standing({ pointer: pointer(2) });
    expect(nextStep(last, { round: 3, attempt: 1 }, facts)).toMatchObject({ task: 'evaluate', round: 3 });
    expect(nextStep(last, start, { ...facts, pointerIsScored: true })).toMatchObject({
      kind: 'finish',
      status: 'completed',
      reason: { slug: 'rounds-done' },
    });
    expect(nextStep(last, start, { ...facts, evaluationFailed: true })).toMatchObject({
      status: 'completed',
      reason: { slug: 'unscored' },
    });
  });

  it('counts attempts on within the same round only', () => {
    const first = standing({ pointer: pointer(0) });
    expect(nextStep(first, { round: 1, attempt: 3 }, facts)).toMatchObject({ round: 1, attempt: 3 });
    expect(nextStep(first, { round: 9, attempt: 3 }, facts)).toMatchObject({ round: 1, attempt: 1 });
  });

  it('is the end for what has ended and for what is cancelled, whatever else is asked', () => {
    for (const status of ['completed', 'failed', 'cancelled'] as const) {
      expect(nextStep(standing({ status, requested: 'cancel' }), start, facts)).toEqual({ kind: 'ended' });
    }
    const cancelled = standing({ requested: 'cancel', pointer: pointer(2) });
    expect(nextStep(cancelled, start, facts)).toMatchObject({ kind: 'finish', status: 'cancelled' });
  });

  it('is to wait while suspended, even past the end', () => {
    const suspended = standing({ requested: 'suspend' });
    expect(nextStep(suspended, start, { ...facts, pastEnd: true })).toEqual({ kind: 'wait' });
  });

  it('is the end once time is over: completed with what there is, failed with nothing', () => {
    const late = { ...facts, pastEnd: true };
    const reason = { slug: 'deadline-past' };
    expect(nextStep(standing(), start, late)).toMatchObject({ status: 'failed', reason });
    expect(nextStep(standing({ pointer: pointer(0) }), start, late)).toMatchObject({
      status: 'failed',
      reason,
    });
    expect(nextStep(standing({ pointer: pointer(1) }), start, late)).toMatchObject({
      status: 'completed',
      reason,
    });
  });

  it('follows the stop rule before the number of rounds', () => {
    const reached = standing({ pointer: pointer(1), best: { version: 0, value: 0.95 } });
    expect(nextStep(reached, { round: 2, attempt: 1 }, facts)).toMatchObject({ task: 'evaluate', round: 2 });
    expect(nextStep(reached, start, { ...facts, pointerIsScored: true })).toMatchObject({
      status: 'completed',
      reason: { slug: 'stop-rule' },
    });
  });
});

describe('after an attempt', () => {
  const policy = { maxAttempts: 2, backoffSeconds: 7 };
  const lost: AttemptResult = { outcome: 'failed', slug: 'quorum-missed', detail: '1 of 2', retriable: true };
  const made = { round: 4, attempt: 1, task: 'train' as const };

  it('that is done comes the next round, at once', () => {
    const next = { kind: 'continue', position: { round: 5, attempt: 1 }, backoffSeconds: 0 };
    expect(afterAttempt({ outcome: 'done' }, { ...made, attempt: 2 }, policy)).toEqual(next);
    expect(afterAttempt({ outcome: 'cancelled' }, made, policy)).toEqual(next);
  });

  it('that failed comes another after a pause, until none is left', () => {
    expect(afterAttempt(lost, made, policy)).toEqual({
      kind: 'continue',
      position: { round: 4, attempt: 2 },
      backoffSeconds: 7,
    });
    expect(afterAttempt(lost, { ...made, attempt: 2 }, policy)).toEqual({
      kind: 'fail',
      reason: {
        slug: 'attempts-exhausted',
        detail: 'round 4, attempt 2 of 2: 1 of 2 (quorum-missed)',
      },
    });
  });

  it('that cannot succeed when repeated comes the end with its own reason', () => {
    const hopeless: AttemptResult = { ...lost, slug: 'quorum-unreachable', retriable: false };
    expect(afterAttempt(hopeless, made, policy)).toMatchObject({
      kind: 'fail',
      reason: { slug: 'quorum-unreachable' },
    });
  });

  it('at scoring never fails the experiment: the position passes the last attempt', () => {
    const scoring = { ...made, attempt: 2, task: 'evaluate' as const };
    expect(afterAttempt(lost, scoring, policy)).toEqual({
      kind: 'continue',
      position: { round: 4, attempt: 3 },
      backoffSeconds: 0,
    });
  });
});
