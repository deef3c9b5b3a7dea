/** What happens to experiments when the engine has lost everything it knew, and the ledger has not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { type CoordinatorUnderTest, startCoordinator } from '../functions/coordinator-under-test.ts';
import { hostileSpec } from '../functions/hostile-spec.ts';
import { baseModel, baseValues, sha256, smallModel, weightedMean } from '../functions/small-model.ts';

let coordinator: CoordinatorUnderTest;
beforeAll(async () => {
  coordinator = await startCoordinator(['a', 'b']);
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
    raw: Uint8Array.from(baseModel),
  });
});
afterAll(() => coordinator.close());

async function host(method: string, path: string): Promise<number> {
  const { dataDir, api } = coordinator.stack;
  const keys = readFileSync(join(cloudDirectories(dataDir).host, 'keys.json'), 'utf8');
  const { master } = JSON.parse(keys) as { master: string };
  const response = await fetch(`${api}/${path}`, { method, headers: { 'x-functions-key': master } });
  return response.status;
}

const instance = (id: string) => `runtime/webhooks/durabletask/instances/${encodeURIComponent(id)}`;

async function lose(id: string): Promise<void> {
  expect(await host('POST', `${instance(id)}/terminate?reason=lost`)).toBe(202);
  for (let tries = 0; (await host('DELETE', instance(id))) !== 200; tries++) {
    if (tries > 100) throw new Error(`${id} could not be purged`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await host('GET', instance(id))).toBe(404);
}

async function submit(id: string, experiment: string, weight: number, values: readonly number[]) {
  const silo = coordinator.silo(id);
  const sealed = await silo.seal(await silo.plan(experiment, 1), smallModel(values), { weight });
  await silo.upload(sealed);
  await silo.send(sealed.reply);
}

it('an experiment whose instances are gone is started again, and its round goes on with what it had', async () => {
  const spec = hostileSpec(['a', 'b'], {});
  const experiment = await coordinator.create({ ...spec, rounds: 1 });
  const first = { weight: 10, values: [1, 2, 3, 4, 5] };
  await submit('a', experiment, first.weight, first.values);
  await coordinator.silo('b').plan(experiment, 1);
  await lose(experiment);
  await lose(`${experiment}:r1:a1`);

  expect(await host('POST', 'admin/functions/look-after-experiments')).toBe(202);
  const second = { weight: 30, values: [-1, 0.5, 0, 2, 8] };
  await submit('b', experiment, second.weight, second.values);
  const view = await coordinator.ended(experiment);
  expect(view).toMatchObject({ status: 'completed', model: { version: 1 } });
  expect(view.model?.sha256).toBe(sha256(smallModel(weightedMean(baseValues, [first, second]))));
});

it('an experiment whose instances live is left alone, and so is one that has ended', async () => {
  const spec = hostileSpec(['a'], {});
  const experiment = await coordinator.create({ ...spec, rounds: 1 });
  await coordinator.silo('a').plan(experiment, 1);
  expect(await host('POST', 'admin/functions/look-after-experiments')).toBe(202);
  await submit('a', experiment, 1, [0, 0, 0, 0, 0]);
  const ended = await coordinator.ended(experiment);
  expect(await host('POST', 'admin/functions/look-after-experiments')).toBe(202);
  expect(await coordinator.show(experiment)).toEqual(ended);
});
