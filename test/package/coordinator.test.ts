/** The coordinator as it is deployed: one archive that needs nothing from this repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../cli/up/package-root.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { startCoordinator } from '../functions/coordinator-under-test.ts';
import { hostileSpec } from '../functions/hostile-spec.ts';
import { baseModel, baseValues, sha256, smallModel, weightedMean } from '../functions/small-model.ts';
import { packaged } from './packaged.ts';

const built = packaged();
afterAll(() => built.remove());

describe('the deployment package', () => {
  it('contains the app, its host settings and nothing else', () => {
    expect(built.coordinator.files.map(({ file }) => file)).toEqual([
      'dist/app/aggregation-worker.js',
      'dist/app/main.js',
      'dist/app/main.js.LEGAL.txt',
      'dist/app/strategies/median-of-means.js',
      'host.json',
      'package.json',
    ]);
  });

  it('is under 15 MB', () => {
    expect(built.coordinator.archiveBytes).toBeLessThan(15_000_000);
  });

  it('has the same bytes when it is built again', () => {
    const again = packaged();
    again.remove();
    expect(again.coordinator.sha256).toBe(built.coordinator.sha256);
  });

  it('names no directory of the machine that built it, and carries no part of the embedded cloud', () => {
    const app = readFileSync(join(built.coordinator.folder, 'dist/app/main.js'), 'utf8');
    expect(app).not.toContain(packageRoot());
    expect(app).not.toContain('libsql');
  });
});

describe('a coordinator that runs from the package alone', () => {
  let coordinator: Awaited<ReturnType<typeof startCoordinator>>;
  beforeAll(async () => {
    expect(existsSync(join(built.coordinator.folder, 'node_modules'))).toBe(false);
    coordinator = await startCoordinator(['a', 'b'], { app: built.coordinator.folder });
  });
  afterAll(() => coordinator.close());

  it('answers that all its services are reachable', async () => {
    const { status, body } = await coordinator.call(null, 'GET', 'health');
    expect(status, JSON.stringify(body)).toBe(200);
  });

  it('aggregates a round of two silos into the model that the updates call for', async () => {
    await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
      raw: Uint8Array.from(baseModel),
    });
    const experiment = await coordinator.create({ ...hostileSpec(['a', 'b'], {}), rounds: 1 });
    const updates = [
      { silo: 'a', weight: 10, values: [1, 2, 3, 4, 5] },
      { silo: 'b', weight: 30, values: [-1, 0.5, 0, 2, 8] },
    ];
    for (const { silo: id, weight, values } of updates) {
      const silo = coordinator.silo(id);
      const sealed = await silo.seal(await silo.plan(experiment, 1), smallModel(values), { weight });
      await silo.upload(sealed);
      await silo.send(sealed.reply);
    }
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'completed', model: { version: 1 } });
    expect(view.model?.sha256).toBe(sha256(smallModel(weightedMean(baseValues, updates))));
  });

  it('folds by a strategy of its own, and a larger model in worker threads', async () => {
    const [megabytes, silos] = [6, ['a', 'b']];
    const large = writeSafetensors([
      { name: 'w', dtype: 'F32', shape: [megabytes * 250_000], data: new Uint8Array(megabytes * 1_000_000) },
    ]);
    await coordinator.call('operator', 'PUT', `models/uploads/${sha256(large)}`, {
      raw: Uint8Array.from(large),
    });
    const experiment = await coordinator.create({
      ...hostileSpec(silos, {}),
      rounds: 1,
      initialModel: { kind: 'upload', sha256: sha256(large) },
      strategy: { kind: 'module', module: 'median-of-means', parameters: { groups: 2 } },
    });
    for (const id of silos) {
      const silo = coordinator.silo(id);
      const sealed = await silo.seal(await silo.plan(experiment, 1), large);
      await silo.upload(sealed);
      await silo.send(sealed.reply);
    }
    // No silo changed anything.
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'completed', model: { version: 1, sha256: sha256(large) } });
  });
});
