/**
 * Replies as a hostile or broken silo would send them, to the coordinator in its own processes. Each gets its slug in
 * the audit log; none but the silo's own signed word moves anything.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../shared/contracts/plan.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { bodyDigest, signBody } from '../../shared/sealing/signature.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { type CoordinatorUnderTest, startCoordinator } from './coordinator-under-test.ts';
import { eventually } from './eventually.ts';
import type { Sealed, SiloUnderTest } from './silo-under-test.ts';
import { baseModel, baseValues, sha256, smallModel, weightedMean } from './small-model.ts';

let coordinator: CoordinatorUnderTest;
let a: SiloUnderTest;
let b: SiloUnderTest;
let c: SiloUnderTest;

const nothing = { submitted: 0, admitted: 0, refused: 0, late: 0, declined: 0, failed: 0, unreachable: 0 };

beforeAll(async () => {
  coordinator = await startCoordinator(['a', 'b', 'c', 'outsider']);
  [a, b, c] = [coordinator.silo('a'), coordinator.silo('b'), coordinator.silo('c')];
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
    raw: Uint8Array.from(baseModel),
  });
});
afterAll(() => coordinator.close());

function specOf(silos: readonly string[], roundPolicy: object, training: object = {}) {
  return {
    name: 'hostile',
    silos,
    rounds: 2,
    initialModel: { kind: 'upload', sha256: sha256(baseModel) },
    roundPolicy: { deadlineSeconds: 600, graceSeconds: 0, ...roundPolicy },
    training,
    evaluation: { finalRound: false },
  };
}

describe('a round under hostile replies', () => {
  let experiment: string;
  let plan: Plan;
  let honest: Sealed;
  const changeOf = { a: [0.1, 0.2, 0.3, 0.4, 0.5], b: [-1, 1, -1, 1, -1], c: [7, 0, 7, 0, 7] };

  beforeAll(async () => {
    experiment = await coordinator.create(specOf(['a', 'b', 'c'], { quorum: 2 }));
    plan = await a.plan(experiment, 1);
    honest = await a.seal(plan, smallModel(changeOf.a), { weight: 3 });
  });

  /** Everything that must move nothing, with its slug; `unknown` is where the message names no experiment. */
  async function hostileReplies(): Promise<{ name: string; bytes: Buffer; slug: string; unknown?: true }[]> {
    const { reply } = honest;
    const { h } = reply.m;
    const text = (value: unknown) => Buffer.from(canonicalJson(value));
    const lie = async (changes: Partial<typeof h>) =>
      text(await a.resign(reply, { h: { ...h, ...changes } }));
    const said = { exp: experiment, round: 1, attempt: 1, silo: 'a', plan: bodyDigest(plan) };
    const reason = { slug: 'policy-declined', detail: 'no' };
    const declined = await a.plainReply({ kind: 'declined', ...said, reason });
    const foreign = '0'.repeat(64);
    const elsewhere = `exp-${'0'.repeat(26)}`;
    const outsider = coordinator.silo('outsider');
    const unknown = true as const;
    return [
      { name: 'not JSON', bytes: Buffer.from('}{ hello'), slug: 'manifest-invalid', unknown },
      { name: 'not text', bytes: Buffer.from('ÿþ\u0000\u0001'), slug: 'manifest-invalid', unknown },
      { name: 'a number', bytes: Buffer.from('7'), slug: 'manifest-invalid', unknown },
      { name: 'an array', bytes: Buffer.from('[{"kind":"submitted"}]'), slug: 'manifest-invalid', unknown },
      { name: 'an unknown kind', bytes: text({ kind: 'query' }), slug: 'manifest-invalid', unknown },
      { name: 'only a kind', bytes: text({ kind: 'submitted' }), slug: 'manifest-invalid', unknown },
      {
        name: 'a plain reply of no shape',
        bytes: text({ kind: 'reply' }),
        slug: 'manifest-invalid',
        unknown,
      },
      {
        name: 'an unknown field',
        bytes: text({ ...reply, more: 1 }),
        slug: 'manifest-invalid',
        unknown,
      },
      {
        name: 'deep nesting',
        bytes: text({ ...reply, m: { ...reply.m, h: { ...h, weight: nested(200) } } }),
        slug: 'manifest-invalid',
        unknown,
      },
      {
        name: 'oversized',
        bytes: text({ ...reply, filler: 'x'.repeat(20_000) }),
        slug: 'manifest-too-large',
        unknown,
      },
      {
        name: 'oversized and not JSON',
        bytes: Buffer.alloc(100_000, 'x'),
        slug: 'manifest-too-large',
        unknown,
      },
      {
        name: 'another experiment',
        bytes: await lie({ exp: elsewhere }),
        slug: 'context-experiment',
        unknown,
      },
      { name: 'another round', bytes: await lie({ round: 2 }), slug: 'context-round' },
      { name: 'another attempt', bytes: await lie({ attempt: 2 }), slug: 'context-attempt' },
      { name: "another silo's name", bytes: await lie({ silo: 'b' }), slug: 'key-unknown' },
      { name: 'a silo that nobody knows', bytes: await lie({ silo: 'zebra' }), slug: 'foreign-silo' },
      {
        name: 'a silo that was not asked',
        bytes: text((await outsider.seal(plan, smallModel(changeOf.a))).reply),
        slug: 'foreign-silo',
      },
      { name: 'another plan', bytes: await lie({ plan: foreign }), slug: 'context-plan' },
      { name: 'another base', bytes: await lie({ base: { ver: 0, sha256: foreign } }), slug: 'context-base' },
      { name: 'no base', bytes: await lie({ base: null }), slug: 'context-base' },
      { name: 'other tensors', bytes: await lie({ schema: foreign }), slug: 'context-schema' },
      {
        name: 'another wrapping key',
        bytes: await lie({ kek: { ...h.kek, kid: `${h.kek.kid}0` } }),
        slug: 'key-unknown',
      },
      {
        name: 'another signing key',
        bytes: await lie({ sig: { ...h.sig, jkt: 'A'.repeat(43) } }),
        slug: 'key-unknown',
      },
      {
        name: 'a ciphertext longer than its plaintext makes',
        bytes: text(await a.resign(reply, { ctLen: reply.m.ctLen + 1 })),
        slug: 'length-formula',
      },
      {
        name: 'a plaintext longer than the base',
        bytes: text((await a.seal(plan, Buffer.concat([smallModel(changeOf.a), Buffer.alloc(8)]))).reply),
        slug: 'length-formula',
      },
      {
        name: 'a changed weight',
        bytes: text({ ...reply, m: { ...reply.m, h: { ...h, weight: 4 } } }),
        slug: 'signature-invalid',
      },
      {
        name: "another silo's signature",
        bytes: text({ ...reply, sig: await signBody('tributary/update/1', reply.m, b.keys.sign) }),
        slug: 'signature-invalid',
      },
      {
        name: 'a signature made for another purpose',
        bytes: text({ ...reply, sig: await signBody('tributary/reply/1', reply.m, a.keys.sign) }),
        slug: 'signature-invalid',
      },
      {
        name: 'a decline in the name of another silo',
        bytes: text(await b.plainReply({ kind: 'declined', ...said, reason })),
        slug: 'signature-invalid',
      },
      {
        name: 'a decline whose reason was changed',
        bytes: text({ ...declined, body: { ...declined.body, reason: { slug: 'other', detail: '' } } }),
        slug: 'signature-invalid',
      },
      {
        name: 'a decline of another plan',
        bytes: text(await a.plainReply({ kind: 'declined', ...said, plan: foreign, reason })),
        slug: 'context-plan',
      },
      {
        name: 'scores where an update is asked for',
        bytes: text(await a.plainReply({ kind: 'evaluated', ...said, metrics: { f1: 1 }, numExamples: 5 })),
        slug: 'context-round',
      },
    ];
  }

  it('answers each with its slug in the audit log and changes nothing', async () => {
    const replies = await hostileReplies();
    await Promise.all(replies.map(({ bytes }) => a.sendRaw(bytes)));

    let audited = new Map<string, string | null>();
    const found = () =>
      replies.map(({ name, bytes, unknown }) => {
        const where = unknown === true ? 'unknown' : experiment;
        return [name, audited.get(`${where} ${sha256(bytes)}`)];
      });
    await eventually(async () => {
      const entries = [...(await coordinator.audit(experiment)), ...(await coordinator.audit('unknown'))];
      audited = new Map(entries.map((entry) => [`${entry.experimentId} ${entry.messageDigest}`, entry.slug]));
      return found().every(([, slug]) => slug !== undefined);
    }, `${replies.length} refusals in the audit log`).catch(() => undefined);
    expect(Object.fromEntries(found())).toEqual(
      Object.fromEntries(replies.map(({ name, slug }) => [name, slug])),
    );

    const round = await coordinator.round(experiment, 1);
    expect(round).toMatchObject({ phase: 'collecting', attempt: 1, counters: nothing });
    expect(round.silos.map(({ state }) => state)).toEqual(['invited', 'invited', 'invited']);
    expect([...a.outcomes, ...b.outcomes, ...c.outcomes]).toEqual([]);
  });

  it('counts the same bytes once and answers them again; other bytes conflict', async () => {
    const digest = bodyDigest(honest.reply.m);
    await a.upload(honest);
    await Promise.all([a.send(honest.reply), a.send(honest.reply)]);
    await a.send(honest.reply);
    await eventually(() => a.outcomesOf(digest).length >= 3, 'an outcome for each delivery');
    expect(new Set(a.outcomesOf(digest).map(({ result }) => result))).toEqual(new Set(['admitted']));

    const other = await a.seal(plan, smallModel(changeOf.c), { weight: 9 });
    await a.upload(other);
    await a.send(other.reply);
    const conflicts = async () =>
      (await coordinator.audit(experiment)).filter(({ slug }) => slug === 'duplicate-conflict');
    await eventually(async () => (await conflicts()).length > 0, 'the conflict in the audit log');
    expect((await coordinator.round(experiment, 1)).counters).toEqual({
      ...nothing,
      submitted: 1,
      admitted: 1,
    });
    expect(a.outcomesOf(bodyDigest(other.reply.m))).toEqual([]);
  });

  it('makes the model from the honest updates alone', async () => {
    const second = await b.seal(plan, smallModel(changeOf.b), { weight: 5 });
    await b.upload(second);
    await b.send(second.reply);
    await c.plan(experiment, 2);
    const round = await coordinator.round(experiment, 1);
    expect(round).toMatchObject({ phase: 'aggregated', counters: { admitted: 2 } });
    const expected = weightedMean(baseValues, [
      { weight: 3, values: changeOf.a },
      { weight: 5, values: changeOf.b },
    ]);
    expect(round.model?.sha256).toBe(sha256(smallModel(expected)));
  });

  it('takes nothing for the old round any more, and nothing of it into the new one', async () => {
    const tooLate = await c.seal(plan, smallModel(changeOf.c));
    await c.upload(tooLate);
    await c.send(tooLate.reply);
    await a.send(honest.reply);
    const digest = bodyDigest(tooLate.reply.m);
    await eventually(() => c.outcomesOf(digest).length > 0, 'the outcome of the late reply');
    expect(c.outcomesOf(digest)[0]?.result).toBe('late');
    await eventually(() => a.outcomesOf(bodyDigest(honest.reply.m)).length >= 4, 'the replay answered');

    const old = await coordinator.round(experiment, 1);
    expect(old).toMatchObject({ phase: 'aggregated', counters: { admitted: 2, late: 1 } });
    expect((await coordinator.round(experiment, 2)).counters).toEqual(nothing);
  });

  it('completes by the honest replies of the next round', async () => {
    const values = weightedMean(baseValues, [
      { weight: 3, values: changeOf.a },
      { weight: 5, values: changeOf.b },
    ]);
    for (const silo of [a, c]) {
      const sealed = await silo.seal(await silo.plan(experiment, 2), smallModel(changeOf.c), { weight: 2 });
      await silo.upload(sealed);
      await silo.send(sealed.reply);
    }
    const view = await coordinator.ended(experiment);
    expect(view.status).toBe('completed');
    const expected = weightedMean(values, [
      { weight: 2, values: changeOf.c },
      { weight: 2, values: changeOf.c },
    ]);
    expect(view.model).toMatchObject({ version: 2, sha256: sha256(smallModel(expected)) });
  });
});

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

function nested(depth: number): unknown[] {
  return depth === 0 ? [] : [nested(depth - 1)];
}

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
