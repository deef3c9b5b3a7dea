import { expect, test } from 'vitest';
import { type EntryState, entryFor } from '../../agent/journal-entry.ts';
import { CLOCK_SKEW_MS, type Facts, GIVE_UP_MS, nextStep } from '../../agent/next-step.ts';
import { trainingKey } from '../../agent/training-key.ts';
import type { SealedReply } from '../../shared/contracts/manifest.ts';
import type { Plan } from '../../shared/contracts/plan.ts';
import type { PlainReply } from '../../shared/contracts/reply.ts';
import { DIGEST, exampleModel, OTHER_EXPERIMENT, planFor } from './support/coordinator-peer.ts';

const model = exampleModel();
const policy: Facts['policy'] = {
  tasks: ['train', 'evaluate', 'init'],
  minExamples: 10,
  rosterDigests: [],
  shareTrainerErrors: false,
};
const deadline = '2030-01-01T00:00:00.000Z';
const at = Date.parse(deadline);
const sealed = { kind: 'submitted' } as SealedReply;
const plain = { kind: 'reply' } as PlainReply;

function next(state: EntryState, facts: Partial<Facts> = {}, plan: Partial<Plan> = {}): string {
  const entry = { ...entryFor('a', planFor(model, { deadline, ...plan }), 1), state };
  const all = { numExamples: undefined, sealedFileExists: false, policy, now: at - 1_000, ...facts };
  return nextStep(entry, all).do;
}

test('each state has one next step', () => {
  expect(next({ step: 'received' })).toBe('train');
  expect(next({ step: 'received' }, { numExamples: 10 })).toBe('seal');
  expect(next({ step: 'received' }, { numExamples: 10 }, { kind: 'evaluate' })).toBe('evaluated');
  expect(next({ step: 'trained' }, { numExamples: 10 })).toBe('seal');
  expect(next({ step: 'trained' }, { numExamples: 9 })).toBe('decline');
  expect(next({ step: 'sealed', reply: sealed }, { sealedFileExists: true })).toBe('upload');
  expect(next({ step: 'uploaded', reply: sealed })).toBe('reply');
  expect(next({ step: 'answered', reply: plain })).toBe('reply');
  expect(next({ step: 'given-up', kind: 'failed', slug: 'trainer-exit', detail: '' })).toBe('say-no');
  expect(next({ step: 'replied', reply: sealed })).toBe('wait');
  expect(next({ step: 'over', why: 'late' })).toBe('wait');
});

test('what has gone from the disk is made again', () => {
  expect(next({ step: 'trained' })).toBe('train');
  expect(next({ step: 'sealed', reply: sealed }, { numExamples: 10 })).toBe('seal');
  expect(next({ step: 'sealed', reply: sealed })).toBe('train');
});

test('a plan without a model, for a task that needs one, is declined', () => {
  expect(next({ step: 'received' }, {}, { base: null })).toBe('decline');
  expect(next({ step: 'received' }, {}, { kind: 'init', base: null, schema: null })).toBe('train');
});

test('a clock that is off by less than an hour costs nothing; a deadline long past ends the task', () => {
  expect(next({ step: 'received' }, { now: at + CLOCK_SKEW_MS })).toBe('train');
  expect(next({ step: 'received' }, { now: at + CLOCK_SKEW_MS + 1 })).toBe('expire');
  const states: EntryState[] = [
    { step: 'trained' },
    { step: 'sealed', reply: sealed },
    { step: 'uploaded', reply: sealed },
    { step: 'answered', reply: plain },
    { step: 'given-up', kind: 'failed', slug: 'trainer-exit', detail: '' },
  ];
  for (const state of states) {
    expect(next(state, { numExamples: 10, now: at + GIVE_UP_MS })).not.toBe('expire');
    expect(next(state, { numExamples: 10, now: at + GIVE_UP_MS + 1 })).toBe('expire');
  }
});

test('a training result serves every attempt of its round and nothing else', () => {
  const plan = planFor(model, { deadline });
  const key = trainingKey(plan);
  const same: Partial<Plan>[] = [
    { attempt: 2 },
    { nonce: 'B'.repeat(22) },
    { deadline: '2031-01-01T00:00:00.000Z' },
    { limits: { maxUpdateBytes: 5, weightCap: 5 } },
    { rosterDigest: 'c'.repeat(64) },
    { cohortSize: 9 },
  ];
  for (const change of same) expect(trainingKey({ ...plan, ...change })).toBe(key);
  const other: Partial<Plan>[] = [
    { round: 2 },
    { experiment: OTHER_EXPERIMENT },
    { kind: 'evaluate' },
    { base: { version: 0, sha256: DIGEST, bytes: 9 } },
    { schema: DIGEST },
    { task: { ...plan.task, seed: 43 } },
    { task: { ...plan.task, config: { step: 1 } } },
  ];
  const keys = other.map((change) => trainingKey({ ...plan, ...change }));
  expect(new Set([key, ...keys]).size).toBe(other.length + 1);
});
