/** What a silo signs itself and still may not do: updates whose blob, tensors or figures are unfit. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../shared/contracts/plan.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { type CoordinatorUnderTest, startCoordinator } from './coordinator-under-test.ts';
import { eventually } from './eventually.ts';
import { noCounters as nothing, hostileSpec as specOf } from './hostile-spec.ts';
import type { Sealed, SiloUnderTest } from './silo-under-test.ts';
import { baseModel, sha256, smallModel } from './small-model.ts';

let coordinator: CoordinatorUnderTest;
let a: SiloUnderTest;
let b: SiloUnderTest;

beforeAll(async () => {
  coordinator = await startCoordinator(['a', 'b']);
  [a, b] = [coordinator.silo('a'), coordinator.silo('b')];
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
    raw: Uint8Array.from(baseModel),
  });
});
afterAll(() => coordinator.close());

describe("a silo's own signed update that cannot be admitted", () => {
  type Make = (silo: SiloUnderTest, plan: Plan) => Promise<Sealed>;
  const values = [1, 1, 1, 1, 1];
  const sealValues = (silo: SiloUnderTest, plan: Plan, numbers: readonly number[]) =>
    silo.seal(plan, smallModel(numbers));
  /** Seals honestly, then changes the ciphertext and signs for what came out. */
  async function tampered(silo: SiloUnderTest, plan: Plan, at: number): Promise<Sealed> {
    const { reply, ciphertext } = await sealValues(silo, plan, values);
    const changed = Buffer.from(ciphertext);
    changed[at < 0 ? changed.length + at : at] = (changed.at(at) ?? 0) ^ 1;
    return { reply: await silo.resign(reply, { ct256: sha256(changed) }), ciphertext: changed };
  }

  const cases: [string, string, Make | { make: Make; upload: 'nothing' }][] = [
    ['blob-missing', 'was never uploaded', { make: (s, p) => sealValues(s, p, values), upload: 'nothing' }],
    [
      'blob-length',
      'was cut off',
      async (silo, plan) => {
        const { reply, ciphertext } = await sealValues(silo, plan, values);
        return { reply, ciphertext: ciphertext.subarray(0, -1) };
      },
    ],
    [
      'blob-hash',
      'was swapped for another',
      async (silo, plan) => {
        const { reply } = await sealValues(silo, plan, values);
        return { reply, ciphertext: (await sealValues(silo, plan, values)).ciphertext };
      },
    ],
    [
      'unwrap-denied',
      'wraps a key that the vault cannot open',
      async (silo, plan) => {
        const sealed = await sealValues(silo, plan, values);
        const wk = Buffer.concat([Buffer.from([1]), randomBytes(383)]).toString('base64url');
        return { ...sealed, reply: await silo.resign(sealed.reply, { wk }) };
      },
    ],
    ['header-tag', 'has a changed header', (silo, plan) => tampered(silo, plan, 0)],
    ['segment-tag', 'has a changed segment', (silo, plan) => tampered(silo, plan, -1)],
    [
      'tensor-header',
      'holds no tensors',
      (silo, plan) => silo.seal(plan, Buffer.alloc(plan.base?.bytes ?? 0, 0xff)),
    ],
    [
      'tensor-schema',
      'holds other tensors of the same length',
      (silo, plan) => {
        const data = new Uint8Array(Float32Array.from(values).buffer);
        return silo.seal(
          plan,
          writeSafetensors([
            { name: 'weightz', dtype: 'F32', shape: [2, 2], data: data.subarray(0, 16) },
            { name: 'bias', dtype: 'F32', shape: [1], data: data.subarray(16) },
          ]),
        );
      },
    ],
    ['not-finite', 'holds a NaN', (silo, plan) => sealValues(silo, plan, [1, Number.NaN, 1, 1, 1])],
    ['not-finite', 'holds an infinity', (silo, plan) => sealValues(silo, plan, [1, 1, 1, 1, -Infinity])],
    ['norm-cap', 'is longer than the cap', (silo, plan) => sealValues(silo, plan, [100, 0, 0, 0, 0])],
    [
      'weight-cap',
      'weighs more than the cap',
      (silo, plan) => silo.seal(plan, smallModel(values), { weight: 1_001 }),
    ],
  ];

  it.each(cases)('is refused as %s when it %s, and the silo is told', async (slug, _what, how) => {
    const { make, upload } = typeof how === 'function' ? { make: how, upload: 'all' } : how;
    const policy = { maxAttempts: 1 };
    const experiment = await coordinator.create(specOf(['a'], policy, { normCap: 50, weightCap: 1_000 }));
    const sealed = await make(a, await a.plan(experiment, 1));
    if (upload === 'all') await a.upload(sealed);
    await a.send(sealed.reply);

    const digest = bodyDigest(sealed.reply.m);
    await eventually(() => a.outcomesOf(digest).length > 0, 'the outcome');
    expect(a.outcomesOf(digest)[0]).toMatchObject({ result: 'refused', slug });
    const view = await coordinator.ended(experiment);
    expect(view.status).toBe('failed');
    expect(view.model?.version).toBe(0);
    expect(await coordinator.round(experiment, 1)).toMatchObject({
      counters: { ...nothing, submitted: 1, refused: 1 },
      silos: [{ silo: 'a', state: 'refused', reason: { slug } }],
    });
    const audited = (await coordinator.audit(experiment)).map((entry) => entry.slug);
    expect(audited.filter((entry) => entry === slug)).toHaveLength(1);
  });
});

describe('figures that a silo reports', () => {
  const numbered = (prefix: string, value: number) =>
    Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`${prefix}${index}`, value]));

  it('may be as large and as many as the contract allows, and the experiment goes on', async () => {
    const experiment = await coordinator.create({ ...specOf(['a', 'b'], {}), rounds: 1 });
    for (const silo of [a, b]) {
      const plan = await silo.plan(experiment, 1);
      const metrics = numbered(`${silo.id}.`, 1e100);
      const sealed = await silo.seal(plan, smallModel([1, 1, 1, 1, 1]), { metrics, numExamples: 2 ** 40 });
      await silo.upload(sealed);
      await silo.send(sealed.reply);
    }
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'completed', model: { version: 1 } });
    expect(view.metrics[0]?.numExamples).toBe(2 ** 41);
    expect(Object.keys(view.metrics[0]?.metrics ?? {})).toHaveLength(64);
  });

  it('are refused where sums over silos could overflow', async () => {
    const experiment = await coordinator.create({ ...specOf(['a', 'b'], {}), rounds: 1 });
    const plan = await a.plan(experiment, 1);
    const { reply } = await a.seal(plan, smallModel([1, 1, 1, 1, 1]));
    const { h } = reply.m;
    for (const changes of [{ metrics: { loss: 1e308 } }, { numExamples: 2 ** 53 - 1 }]) {
      const changed = await a.resign(reply, { h: { ...h, ...changes } });
      await a.send(changed);
      const digest = sha256(Buffer.from(canonicalJson(changed)));
      const entry = async () =>
        (await coordinator.audit('unknown')).find(({ messageDigest }) => messageDigest === digest);
      await eventually(async () => (await entry()) !== undefined, 'the refusal in the audit log');
      expect((await entry())?.slug).toBe('manifest-invalid');
    }
    expect((await coordinator.round(experiment, 1)).counters).toEqual(nothing);
    await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
  });
});
