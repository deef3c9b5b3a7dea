/**
 * How rounds end: by quorum, by everybody's answer, by grace, by the deadline. Rounds that should not wait have a
 * deadline of ten minutes, so that a test which passes has not waited for it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../shared/contracts/plan.ts';
import type { PlainReplyBody } from '../../shared/contracts/reply.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { schemaDigest } from '../../shared/tensors/schema.ts';
import { type CoordinatorUnderTest, startCoordinator } from '../functions/coordinator-under-test.ts';
import { eventually } from '../functions/eventually.ts';
import { baseModel, sha256, smallModel } from '../functions/small-model.ts';

let coordinator: CoordinatorUnderTest;
const silos = ['east', 'north', 'south'];

beforeAll(async () => {
  coordinator = await startCoordinator(silos);
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
    raw: Uint8Array.from(baseModel),
  });
});
afterAll(() => coordinator.close());

function specOf(roundPolicy: object, more: object = {}) {
  return {
    name: 'rounds',
    silos,
    rounds: 1,
    initialModel: { kind: 'upload', sha256: sha256(baseModel) },
    roundPolicy: { deadlineSeconds: 600, graceSeconds: 0, backoffSeconds: 0, ...roundPolicy },
    evaluation: { finalRound: false },
    ...more,
  };
}

interface Submission {
  readonly attempt?: number;
  readonly weight?: number;
  readonly metrics?: Record<string, number>;
}

async function submit(
  id: string,
  experiment: string,
  round: number,
  options: Submission = {},
): Promise<Plan> {
  const silo = coordinator.silo(id);
  const plan = await silo.plan(experiment, round, options.attempt ?? 1);
  const { weight = 1, metrics = {} } = options;
  const sealed = await silo.seal(plan, smallModel([1, 1, 1, 1, 1]), { weight, numExamples: weight, metrics });
  await silo.upload(sealed);
  await silo.send(sealed.reply);
  return plan;
}

type Said =
  | Pick<Extract<PlainReplyBody, { kind: 'evaluated' }>, 'kind' | 'metrics' | 'numExamples'>
  | Pick<Extract<PlainReplyBody, { kind: 'declined' }>, 'kind' | 'reason'>
  | Pick<Extract<PlainReplyBody, { kind: 'failed' }>, 'kind' | 'reason'>;

async function say(id: string, experiment: string, round: number, said: Said, attempt = 1): Promise<void> {
  const silo = coordinator.silo(id);
  const plan = bodyDigest(await silo.plan(experiment, round, attempt));
  await silo.send(await silo.plainReply({ ...said, exp: experiment, round, attempt, silo: id, plan }));
}

const declined: Said = { kind: 'declined', reason: { slug: 'policy-declined', detail: 'not today' } };
const failed: Said = { kind: 'failed', reason: { slug: 'trainer-exit', detail: 'exit code 3' } };

describe.concurrent('a round that misses its quorum', () => {
  it('is tried again, and the experiment fails with the reason when attempts run out', async () => {
    const experiment = await coordinator.create(specOf({ deadlineSeconds: 2, maxAttempts: 2 }));
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'failed', reason: { slug: 'attempts-exhausted' } });
    expect(view.reason?.detail).toMatch(/round 1, attempt 2 of 2: .*quorum-missed/);
    const line = { event: 'experiment-failed', experiment, round: 1, attempt: 2, slug: 'attempts-exhausted' };
    expect(coordinator.log()).toContain(JSON.stringify(line));
    for (const attempt of [1, 2]) {
      const round = await coordinator.round(experiment, 1, attempt);
      expect(round).toMatchObject({ phase: 'failed', failure: { slug: 'quorum-missed' } });
      expect(round.silos.map(({ state }) => state)).toEqual(['lost', 'lost', 'lost']);
    }
  });

  it('is tried again with the same task under a new plan, and succeeds', async () => {
    const training = { weightCap: 100 };
    const experiment = await coordinator.create(specOf({ maxAttempts: 2 }, { training }));
    const first = await submit('north', experiment, 1, { weight: 101 });
    await Promise.all(silos.map((id) => submit(id, experiment, 1, { attempt: 2 })));
    expect(await coordinator.ended(experiment)).toMatchObject({ status: 'completed', model: { version: 1 } });
    const second = await coordinator.silo('north').plan(experiment, 1, 2);
    expect([second.task, second.base]).toEqual([first.task, first.base]);
    expect(second.nonce).not.toBe(first.nonce);
    expect(await coordinator.round(experiment, 1, 1)).toMatchObject({
      phase: 'failed',
      counters: { refused: 1 },
    });
    expect(await coordinator.round(experiment, 1)).toMatchObject({ attempt: 2, phase: 'aggregated' });
  });
});

describe.concurrent('a silo that will not or cannot', () => {
  it('is counted out at once when it declines, and the others close the round', async () => {
    const experiment = await coordinator.create(specOf({ quorum: 2, graceSeconds: 600 }));
    await say('south', experiment, 1, declined);
    await submit('north', experiment, 1);
    await submit('east', experiment, 1);
    expect((await coordinator.ended(experiment)).status).toBe('completed');
    const round = await coordinator.round(experiment, 1);
    expect(round.counters).toMatchObject({ admitted: 2, declined: 1 });
    expect(round.silos.find(({ silo }) => silo === 'south')).toMatchObject({
      state: 'declined',
      reason: declined.reason,
    });
  });

  it('ends the experiment at once when too few are left to ask again', async () => {
    const experiment = await coordinator.create(specOf({ maxAttempts: 5 }));
    await say('south', experiment, 1, declined);
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'failed', reason: { slug: 'quorum-unreachable' } });
    expect(view.reason?.detail).toContain('declined: south');
  });

  it('is not asked again in the round that it declined, while enough others are', async () => {
    const experiment = await coordinator.create(specOf({ quorum: 2, maxAttempts: 2 }));
    await say('south', experiment, 1, declined);
    await say('north', experiment, 1, failed);
    await Promise.all(['east', 'north'].map((id) => submit(id, experiment, 1, { attempt: 2 })));
    expect((await coordinator.ended(experiment)).status).toBe('completed');
    const { silos: asked } = await coordinator.round(experiment, 1, 2);
    expect(asked.map(({ silo }) => silo)).toEqual(['east', 'north']);
  });

  it('is asked again in the next attempt when its training failed', async () => {
    const experiment = await coordinator.create(specOf({ maxAttempts: 2 }));
    await say('south', experiment, 1, failed);
    await Promise.all(silos.map((id) => submit(id, experiment, 1, { attempt: 2 })));
    expect((await coordinator.ended(experiment)).status).toBe('completed');
    expect((await coordinator.round(experiment, 1, 1)).counters).toMatchObject({ failed: 1 });
  });

  it('is heard once: a decline after an update, or an update after a decline, changes nothing', async () => {
    const experiment = await coordinator.create(specOf({}));
    await submit('north', experiment, 1);
    await say('south', experiment, 1, failed);
    const both = async () => (await coordinator.round(experiment, 1, 1)).counters;
    await eventually(async () => (await both()).failed === 1 && (await both()).submitted === 1, 'both heard');
    await say('north', experiment, 1, declined);
    await submit('south', experiment, 1);
    const conflicts = async () =>
      (await coordinator.audit(experiment)).filter(({ slug }) => slug === 'duplicate-conflict');
    await eventually(async () => (await conflicts()).length === 2, 'both conflicts in the audit log');
    expect(await both()).toMatchObject({ submitted: 1, failed: 1, declined: 0 });
    await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
  });
});

describe.concurrent('a round with quorum', () => {
  it('closes after the grace without a silo that stays silent', async () => {
    const experiment = await coordinator.create(specOf({ quorum: 1, graceSeconds: 1 }));
    await submit('north', experiment, 1);
    expect((await coordinator.ended(experiment)).status).toBe('completed');
    const round = await coordinator.round(experiment, 1);
    expect(round.counters.admitted).toBe(1);
    expect(round.silos.map(({ state }) => state)).toEqual(['lost', 'admitted', 'lost']);
  });

  it('closes within the grace once everybody has answered', async () => {
    const experiment = await coordinator.create(specOf({ quorum: 1, graceSeconds: 600 }));
    await Promise.all(silos.map((id) => submit(id, experiment, 1)));
    expect((await coordinator.ended(experiment)).status).toBe('completed');
    expect((await coordinator.round(experiment, 1)).counters.admitted).toBe(3);
  });

  it('closes at the deadline, however long the grace is', async () => {
    const policy = { quorum: 1, graceSeconds: 600, deadlineSeconds: 8 };
    const experiment = await coordinator.create(specOf(policy));
    await submit('south', experiment, 1);
    expect((await coordinator.ended(experiment)).status).toBe('completed');
    const round = await coordinator.round(experiment, 1);
    expect(round).toMatchObject({ phase: 'aggregated', counters: { admitted: 1 } });
    expect(Date.parse(round.closedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(round.deadline));
  });
});

describe.concurrent('a silo whose queue takes nothing', () => {
  // In the roster under east's keys, and without a queue of its own.
  beforeAll(async () => {
    const body = await coordinator.silo('east').registration({ silo: 'ghost', displayName: 'no queue' });
    expect((await coordinator.call('operator', 'POST', 'silos', { body })).status).toBe(201);
  });

  it('is counted out at once, and the others make the round', async () => {
    const experiment = await coordinator.create(specOf({ quorum: 3 }, { silos: [...silos, 'ghost'] }));
    await Promise.all(silos.map((id) => submit(id, experiment, 1)));
    expect(await coordinator.ended(experiment)).toMatchObject({ status: 'completed', model: { version: 1 } });
    const round = await coordinator.round(experiment, 1);
    expect(round.counters).toMatchObject({ admitted: 3, unreachable: 1 });
    expect(round.silos.find(({ silo }) => silo === 'ghost')).toMatchObject({
      state: 'failed',
      reason: { slug: 'silo-unreachable' },
    });
  });

  it('does not keep a round waiting when there is nobody else', async () => {
    const experiment = await coordinator.create(specOf({ maxAttempts: 1 }, { silos: ['ghost'] }));
    expect(await coordinator.ended(experiment)).toMatchObject({ status: 'failed' });
    expect((await coordinator.round(experiment, 1)).failure).toMatchObject({ slug: 'quorum-missed' });
  });
});

describe.concurrent('an experiment', () => {
  it('caps the norm of changes, not of the first model', async () => {
    const initialModel = { kind: 'init', silo: 'east' };
    const experiment = await coordinator.create(
      specOf({ quorum: 2, maxAttempts: 1 }, { initialModel, training: { normCap: 3 } }),
    );
    const east = coordinator.silo('east');
    const tensors = [
      { name: 'weights', dtype: 'F32' as const, shape: [2, 2] },
      { name: 'bias', dtype: 'F32' as const, shape: [1] },
    ];
    // The first model's norm is above 10, the updates' is the square root of 5.
    const init = await east.plan(experiment, 0);
    const sealed = await east.seal(init, baseModel, { schema: schemaDigest(tensors) });
    await east.upload(sealed);
    await east.send(sealed.reply);
    await Promise.all(silos.map((id) => submit(id, experiment, 1)));
    expect(await coordinator.ended(experiment)).toMatchObject({ status: 'completed', model: { version: 1 } });
  });

  it('starts from a model that one silo makes, and scores its last version in a round of its own', async () => {
    const experiment = await coordinator.create(
      specOf({}, { initialModel: { kind: 'init', silo: 'east' }, evaluation: { metrics: ['auc'] } }),
    );
    const east = coordinator.silo('east');
    const init = await east.plan(experiment, 0);
    expect(init).toMatchObject({ kind: 'init', base: null, schema: null, cohortSize: 1 });
    const tensors = [
      { name: 'weights', dtype: 'F32' as const, shape: [2, 2] },
      { name: 'bias', dtype: 'F32' as const, shape: [1] },
    ];
    const sealed = await east.seal(init, baseModel, { schema: schemaDigest(tensors) });
    await east.upload(sealed);
    await east.send(sealed.reply);
    await Promise.all(silos.map((id) => submit(id, experiment, 1, { metrics: { auc: 0.5, other: 1 } })));
    const scores = [0.9, 0.6, 0.3];
    await Promise.all(
      silos.map((id, index) => {
        const metrics = { auc: scores[index] ?? 0 };
        return say(id, experiment, 2, { kind: 'evaluated', metrics, numExamples: 2 });
      }),
    );
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({
      status: 'completed',
      reason: { slug: 'rounds-done' },
      model: { version: 1 },
    });
    expect(view.metrics.map(({ version, metrics }) => [version, Object.keys(metrics)])).toEqual([
      [0, ['auc']],
      [1, ['auc']],
    ]);
    expect(view.metrics[0]?.metrics['auc']).toBe(0.5);
    expect(view.metrics[1]?.metrics['auc']).toBeCloseTo(0.6, 12);
  });

  it('completes as unscored when nobody scores its last version', async () => {
    const experiment = await coordinator.create(specOf({ maxAttempts: 1 }, { evaluation: {} }));
    await Promise.all(silos.map((id) => submit(id, experiment, 1)));
    await Promise.all(silos.map((id) => say(id, experiment, 2, failed)));
    expect(await coordinator.ended(experiment)).toMatchObject({
      status: 'completed',
      reason: { slug: 'unscored' },
      model: { version: 1 },
    });
  });

  it('stops once a version reaches the target, and knows the best one', async () => {
    const stop = { metric: 'auc', mode: 'max', target: 0.8 };
    const experiment = await coordinator.create(specOf({}, { rounds: 50, stop }));
    await Promise.all(silos.map((id) => submit(id, experiment, 1, { metrics: { auc: 0.7 } })));
    await Promise.all(silos.map((id) => submit(id, experiment, 2, { metrics: { auc: 0.85 } })));
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'completed', reason: { slug: 'stop-rule' }, best: { version: 1 } });
    expect(view.best?.value).toBeCloseTo(0.85, 12);
  });

  it('ends when its time is over', async () => {
    const endBy = new Date(Date.now() + 5_000).toISOString();
    const experiment = await coordinator.create(specOf({ endBy, maxAttempts: 100 }));
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'failed', reason: { slug: 'deadline-past' } });
  });
});
