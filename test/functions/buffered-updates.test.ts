/** Late updates under the strategy that counts them: in the coordinator's own processes, with silos played here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { type CoordinatorUnderTest, startCoordinator } from './coordinator-under-test.ts';
import { eventually } from './eventually.ts';
import { hostileSpec } from './hostile-spec.ts';
import type { Sealed, SiloUnderTest } from './silo-under-test.ts';
import { baseModel, baseValues, sha256, smallModel } from './small-model.ts';

let coordinator: CoordinatorUnderTest;
beforeAll(async () => {
  coordinator = await startCoordinator(['a', 'b', 'c']);
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
    raw: Uint8Array.from(baseModel),
  });
});
afterAll(() => coordinator.close());

async function submit(silo: SiloUnderTest, sealed: Sealed): Promise<void> {
  await silo.upload(sealed);
  await silo.send(sealed.reply);
}

/** base + sum(coefficient * change) / divisor, rounded once to float32. */
function step(
  base: readonly number[],
  parts: readonly { readonly coefficient: number; readonly change: readonly number[] }[],
  divisor: number,
): number[] {
  return base.map((value, d) => {
    const sum = parts.reduce(
      (so, { coefficient, change }) => so + coefficient * Math.fround(change[d] ?? 0),
      0,
    );
    return Math.fround(value + sum / divisor);
  });
}

describe('an experiment that buffers late updates', () => {
  const changes = { a: [0.5, 1, -1, 2, 0.25], b: [1, 1, 1, 1, 1], c: [-4, 8, 2, 0, 16] };
  let experiment: string;
  let late: Sealed;

  async function bothSubmit(round: number): Promise<void> {
    for (const id of ['a', 'b'] as const) {
      const silo = coordinator.silo(id);
      const sealed = await silo.seal(await silo.plan(experiment, round), smallModel(changes[id]), {
        weight: 2,
      });
      await submit(silo, sealed);
    }
  }

  beforeAll(async () => {
    experiment = await coordinator.create({
      ...hostileSpec(['a', 'b', 'c'], { quorum: 2 }),
      rounds: 3,
      strategy: { kind: 'fedbuff', maxStaleness: 1 },
    });
    const c = coordinator.silo('c');
    late = await c.seal(await c.plan(experiment, 1), smallModel(changes.c), { weight: 2 });
    await bothSubmit(1);
    await c.plan(experiment, 2);
  });

  it('records one that comes after its round as late, and tells the silo', async () => {
    const c = coordinator.silo('c');
    await submit(c, late);
    const digest = bodyDigest(late.reply.m);
    await eventually(() => c.outcomesOf(digest).length > 0, 'the outcome of the late update');
    expect(c.outcomesOf(digest)[0]?.result).toBe('late');
    const round = await coordinator.round(experiment, 1);
    expect(round).toMatchObject({ phase: 'aggregated', counters: { admitted: 2, late: 1 } });
    expect(round.silos.find(({ silo }) => silo === 'c')?.evidence?.norm).toBeGreaterThan(0);
  });

  it('refuses one that is not what its manifest says, although it is late', async () => {
    const b = coordinator.silo('b');
    const early = await coordinator.create({
      ...hostileSpec(['a', 'b'], { quorum: 1 }),
      strategy: { kind: 'fedbuff' },
    });
    const a = coordinator.silo('a');
    await submit(a, await a.seal(await a.plan(early, 1), smallModel(changes.a)));
    await a.plan(early, 2);
    const broken = await b.seal(await b.plan(early, 1), smallModel([Number.NaN, 0, 0, 0, 0]));
    await submit(b, broken);
    const digest = bodyDigest(broken.reply.m);
    await eventually(() => b.outcomesOf(digest).length > 0, 'the outcome of the broken update');
    expect(b.outcomesOf(digest)[0]).toMatchObject({ result: 'refused', slug: 'not-finite' });
    expect((await coordinator.round(early, 1)).counters).toMatchObject({ late: 0, refused: 1, submitted: 2 });
    await coordinator.call('operator', 'POST', `experiments/${early}/cancel`);
  });

  it('keeps it when the coordinator and the cloud are killed, one after the other', {
    timeout: 120_000,
  }, async () => {
    for (const victim of [coordinator.stack.host, coordinator.stack.cloud]) {
      const pid = victim.pid();
      if (pid === undefined) throw new Error('there is nobody to kill');
      process.kill(pid, 'SIGKILL');
      const isBack = async () =>
        victim.pid() !== pid && (await coordinator.round(experiment, 1)).counters.late === 1;
      await eventually(() => isBack().catch(() => false), 'another life');
    }
  });

  it('counts it once, in the next round, with less weight, though another kill comes into that', {
    timeout: 120_000,
  }, async () => {
    await bothSubmit(2);
    process.kill(coordinator.stack.host.pid() ?? Number.NaN, 'SIGKILL');
    // A reply that the killed host had taken comes again when its lock has run out.
    const thirdPlan = () => coordinator.silo('c').plan(experiment, 3);
    await thirdPlan().catch(thirdPlan).catch(thirdPlan);
    const first = step(
      baseValues,
      [
        { coefficient: 2, change: changes.a },
        { coefficient: 2, change: changes.b },
      ],
      4,
    );
    expect((await coordinator.round(experiment, 1)).model?.sha256).toBe(sha256(smallModel(first)));
    const second = step(
      first,
      [
        { coefficient: 2, change: changes.a },
        { coefficient: 2, change: changes.b },
        { coefficient: 2 * (1 / Math.sqrt(2)), change: changes.c },
      ],
      6,
    );
    const round = await coordinator.round(experiment, 2);
    expect(round.model?.sha256).toBe(sha256(smallModel(second)));
    expect(round.evidence.map(({ silo, staleness }) => [silo, staleness])).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 1],
    ]);
    expect(round.evidence[2]?.share).toBeCloseTo(Math.SQRT2 / (4 + Math.SQRT2), 12);
    for (const { cosine } of round.evidence) expect(cosine).toBeGreaterThan(0);

    await bothSubmit(3);
    const view = await coordinator.ended(experiment);
    expect(view.status).toBe('completed');
    const third = step(
      second,
      [
        { coefficient: 2, change: changes.a },
        { coefficient: 2, change: changes.b },
      ],
      4,
    );
    expect(view.model?.sha256).toBe(sha256(smallModel(third)));
    expect((await coordinator.round(experiment, 3)).evidence).toHaveLength(2);
  });
});
