/** The HTTP API around running experiments: creating once, stopping, pausing, and handing out models. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentCreated, ModelLink } from '../../shared/contracts/api.ts';
import { participationId } from '../../shared/contracts/identifiers.ts';
import type { Problem } from '../../shared/contracts/problem.ts';
import { type CoordinatorUnderTest, startCoordinator } from './coordinator-under-test.ts';
import { eventually } from './eventually.ts';
import { baseModel, sha256, smallModel } from './small-model.ts';

let coordinator: CoordinatorUnderTest;

beforeAll(async () => {
  coordinator = await startCoordinator(['north', 'south']);
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
    raw: Uint8Array.from(baseModel),
  });
});
afterAll(() => coordinator.close());

const spec = {
  name: 'http',
  silos: ['north', 'south'],
  rounds: 2,
  initialModel: { kind: 'upload', sha256: sha256(baseModel) },
  roundPolicy: { deadlineSeconds: 600, graceSeconds: 0 },
  evaluation: { finalRound: false },
};

const slugOf = async (method: string, path: string, who = 'operator') => {
  const { status, body } = await coordinator.call<Problem>(who, method, path);
  return [status, body.slug];
};

async function answerRound(experiment: string, round: number): Promise<void> {
  for (const id of spec.silos) {
    const silo = coordinator.silo(id);
    const sealed = await silo.seal(await silo.plan(experiment, round), smallModel([1, 1, 1, 1, 1]));
    await silo.upload(sealed);
    await silo.send(sealed.reply);
  }
}

describe('an Idempotency-Key', () => {
  const post = (key: string, body: unknown, who = 'operator') =>
    coordinator.call<ExperimentCreated & Problem>(who, 'POST', 'experiments', {
      body,
      headers: { 'idempotency-key': key },
    });

  it('makes one experiment of one body, and conflicts for another', async () => {
    const first = await post('once', spec);
    expect(first).toMatchObject({ status: 201, body: { created: true } });
    expect(first.headers.get('location')).toBe(`/api/experiments/${first.body.experiment}`);
    const again = await post('once', spec);
    expect(again).toMatchObject({ status: 200, body: { experiment: first.body.experiment, created: false } });
    const other = await post('once', { ...spec, rounds: 3 });
    expect([other.status, other.body.slug]).toEqual([409, 'idempotency-conflict']);
    expect((await post('k'.repeat(201), spec)).status).toBe(400);
    const somebodyElse = await post('once', spec, 'admin');
    expect(somebodyElse.status).toBe(201);
    for (const { body } of [first, somebodyElse]) {
      await coordinator.call('operator', 'POST', `experiments/${body.experiment}/cancel`);
    }
  });

  it('makes one experiment of requests that race', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => post('race', spec)));
    const [one] = answers;
    expect(new Set(answers.map(({ body }) => body.experiment)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    await coordinator.call('operator', 'POST', `experiments/${one?.body.experiment}/cancel`);
    expect((await coordinator.ended(one?.body.experiment ?? '')).status).toBe('cancelled');
  });
});

describe('cancelling', () => {
  it('ends an experiment while it collects, tells the silos, and cannot be taken back', async () => {
    const experiment = await coordinator.create(spec);
    const north = coordinator.silo('north');
    const sealed = await north.seal(await north.plan(experiment, 1), smallModel([1, 1, 1, 1, 1]));
    const path = `experiments/${experiment}`;
    const asked = await coordinator.call('operator', 'POST', `${path}/cancel`);
    expect(asked).toMatchObject({ status: 202, body: { requested: 'cancel' } });

    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'cancelled', reason: { slug: 'cancelled' }, waiting: null });
    expect((await coordinator.round(experiment, 1)).phase).toBe('cancelled');
    await eventually(
      () =>
        north.outcomes.some(
          (body) => body.result === 'ended' && body.experiment === experiment && body.status === 'cancelled',
        ),
      'the end at the silo',
    );
    for (const verb of ['cancel', 'suspend', 'resume']) {
      expect(await slugOf('POST', `${path}/${verb}`)).toEqual([409, 'wrong-state']);
    }
    await north.upload(sealed);
    await north.send(sealed.reply);
    await eventually(
      async () => (await coordinator.round(experiment, 1)).counters.late === 1,
      'the reply counted as late',
    );
    expect((await coordinator.show(experiment)).status).toBe('cancelled');
  });
});

describe('suspending', () => {
  it('pauses at the end of the round until somebody resumes', async () => {
    const experiment = await coordinator.create(spec);
    const path = `experiments/${experiment}`;
    await coordinator.silo('north').plan(experiment, 1);
    const asked = await coordinator.call('operator', 'POST', `${path}/suspend`);
    expect(asked).toMatchObject({ status: 202, body: { requested: 'suspend' } });
    await answerRound(experiment, 1);
    await eventually(
      async () => (await coordinator.show(experiment)).waiting?.for === 'an operator to resume or cancel',
      'the pause',
    );
    const paused = await coordinator.show(experiment);
    expect(paused).toMatchObject({ status: 'running', requested: 'suspend', model: { version: 1 } });
    expect(coordinator.silo('north').plans.filter((plan) => plan.experiment === experiment)).toHaveLength(1);

    const resumed = await coordinator.call('operator', 'POST', `${path}/resume`);
    expect(resumed).toMatchObject({ status: 202, body: { requested: null } });
    await answerRound(experiment, 2);
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'completed', model: { version: 2 } });
    expect(await slugOf('POST', `${path}/cancel`)).toEqual([409, 'wrong-state']);
  });

  it('can still be cancelled', async () => {
    const experiment = await coordinator.create(spec);
    await coordinator.silo('north').plan(experiment, 1);
    await coordinator.call('operator', 'POST', `experiments/${experiment}/suspend`);
    await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
    expect((await coordinator.ended(experiment)).status).toBe('cancelled');
  });
});

describe('what does not exist', () => {
  it('is not found', async () => {
    const experiment = await coordinator.create(spec);
    const nowhere = `experiments/exp-${'0'.repeat(26)}`;
    for (const path of [
      nowhere,
      'experiments/garbage',
      `experiments/${experiment}%00`,
      `${nowhere}/models`,
      `experiments/${experiment}/rounds/9`,
      `experiments/${experiment}/rounds/x`,
      `experiments/${experiment}/rounds/1?attempt=2`,
      `experiments/${experiment}/models/99`,
      `experiments/${experiment}/models/-1`,
      `experiments/${experiment}/models/99/content`,
    ]) {
      expect([path, ...(await slugOf('GET', path, 'viewer'))]).toEqual([path, 404, 'not-found']);
    }
    expect((await coordinator.call('viewer', 'GET', 'nowhere')).status).toBe(404);
    expect(await slugOf('GET', 'experiments?limit=0', 'viewer')).toEqual([400, 'spec-invalid']);
    await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
  });
});

describe('models', () => {
  it('are handed out as bytes or by a link that opens one blob for reading', async () => {
    const experiment = await coordinator.create(spec);
    await coordinator.silo('north').plan(experiment, 1);
    const path = `experiments/${experiment}/models`;
    const { body: list } = await coordinator.call('viewer', 'GET', path);
    expect(list).toMatchObject({ models: [{ version: 0, parent: null, sha256: sha256(baseModel) }] });
    expect(JSON.stringify(list)).not.toContain('uploads/');

    const content = await coordinator.call('viewer', 'GET', `${path}/latest/content`);
    expect(content.headers.get('x-content-sha256')).toBe(sha256(baseModel));
    const { body: link } = await coordinator.call<ModelLink>('viewer', 'GET', `${path}/0/content?link=true`);
    expect(sha256(await download(link.url))).toBe(sha256(baseModel));
    const write = { method: 'PUT', body: 'x', headers: { 'x-ms-blob-type': 'BlockBlob' } };
    expect((await fetch(link.url, write)).status).toBe(403);
    const elsewhere = new URL(link.url);
    elsewhere.pathname = elsewhere.pathname.replace(sha256(baseModel), 'f'.repeat(64));
    expect((await fetch(elsewhere)).status).toBe(403);
    await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
  });

  it("are linked for a silo's own identity only, while its round collects", async () => {
    const experiment = await coordinator.create(spec);
    await coordinator.silo('north').plan(experiment, 1);
    const linkFor = (key: { round?: number; attempt?: number; silo?: string }) =>
      `participations/${participationId({ experiment, round: 1, attempt: 1, silo: 'north', ...key })}/model-link`;
    const own = await coordinator.call<ModelLink>('silo-north', 'POST', linkFor({}));
    expect(own).toMatchObject({ status: 200, body: { sha256: sha256(baseModel), bytes: baseModel.length } });
    expect(own.body.secondsLeft).toBeGreaterThan(0);
    expect(own.body.secondsLeft).toBeLessThanOrEqual(600);
    expect(sha256(await download(own.body.url))).toBe(sha256(baseModel));

    expect(await slugOf('POST', linkFor({}), 'silo-south')).toEqual([403, 'not-allowed']);
    expect(await slugOf('POST', linkFor({}), 'admin')).toEqual([403, 'not-allowed']);
    expect(await slugOf('POST', linkFor({ silo: 'nobody' }), 'silo-north')).toEqual([403, 'not-allowed']);
    expect(await slugOf('POST', 'participations/garbage/model-link', 'silo-north')).toEqual([
      403,
      'not-allowed',
    ]);
    expect(await slugOf('POST', linkFor({ round: 2 }), 'silo-north')).toEqual([404, 'not-found']);
    expect(await slugOf('POST', linkFor({ attempt: 2 }), 'silo-north')).toEqual([404, 'not-found']);
    await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
    await coordinator.ended(experiment);
    expect(await slugOf('POST', linkFor({}), 'silo-north')).toEqual([409, 'wrong-state']);
  });
});

async function download(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}
