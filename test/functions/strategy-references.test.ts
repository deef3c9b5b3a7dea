/** What a strategy needs beside its specification is looked for when the experiment is created. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaDigest } from '../../shared/tensors/schema.ts';
import { type CoordinatorUnderTest, startCoordinator } from './coordinator-under-test.ts';
import { hostileSpec } from './hostile-spec.ts';
import { baseModel, sha256 } from './small-model.ts';

let coordinator: CoordinatorUnderTest;
beforeAll(async () => {
  coordinator = await startCoordinator(['a']);
  const path = `models/uploads/${sha256(baseModel)}`;
  await coordinator.call('operator', 'PUT', path, { raw: Uint8Array.from(baseModel) });
});
afterAll(() => coordinator.close());

interface Problem {
  readonly type: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

const create = (strategy: object) =>
  coordinator.call<Problem>('operator', 'POST', 'experiments', {
    body: { ...hostileSpec(['a'], {}), strategy },
  });

describe('an experiment is refused when it is created', () => {
  it('where its module is not deployed', async () => {
    const { status, body } = await create({ kind: 'module', module: 'never-deployed' });
    expect([status, body.type]).toEqual([400, expect.stringMatching(/strategy-precondition$/)]);
    expect(body.detail).toMatch(/never-deployed/);
    expect(body.errors.map(({ path }) => path)).toEqual(['strategy.module']);
  });

  it('where it is to run SCAFFOLD on a model without control variates', async () => {
    const { status, body } = await create({ kind: 'scaffold' });
    expect([status, body.type]).toEqual([400, expect.stringMatching(/strategy-precondition$/)]);
    expect(body.detail).toMatch(/control\/weights/);
  });

  it('and not where its module is deployed', async () => {
    expect((await create({ kind: 'module', module: 'median-of-means' })).status).toBe(201);
  });
});

describe('SCAFFOLD on a model that a silo makes', () => {
  it('fails with the reason where that model has no control variates', async () => {
    const experiment = await coordinator.create({
      ...hostileSpec(['a'], { maxAttempts: 1 }),
      initialModel: { kind: 'init', silo: 'a' },
      strategy: { kind: 'scaffold' },
    });
    const silo = coordinator.silo('a');
    const schema = schemaDigest([
      { name: 'weights', dtype: 'F32', shape: [2, 2] },
      { name: 'bias', dtype: 'F32', shape: [1] },
    ]);
    const sealed = await silo.seal(await silo.plan(experiment, 0), baseModel, { schema });
    await silo.upload(sealed);
    await silo.send(sealed.reply);
    const view = await coordinator.ended(experiment);
    expect(view.status).toBe('failed');
    expect(view.reason?.detail).toMatch(/control\/weights.*strategy-precondition/);
  });
});
