/**
 * Replies as a hostile or broken silo would send them, to the coordinator in its own processes. Each gets its slug in
 * the audit log; none but the silo's own signed word moves anything.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../shared/contracts/plan.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { bodyDigest, signBody } from '../../shared/sealing/signature.ts';
import { type CoordinatorUnderTest, startCoordinator } from './coordinator-under-test.ts';
import { eventually } from './eventually.ts';
import { noCounters as nothing, hostileSpec as specOf } from './hostile-spec.ts';
import type { Sealed, SiloUnderTest } from './silo-under-test.ts';
import { baseModel, baseValues, sha256, smallModel, weightedMean } from './small-model.ts';

let coordinator: CoordinatorUnderTest;
let a: SiloUnderTest;
let b: SiloUnderTest;
let c: SiloUnderTest;

beforeAll(async () => {
  coordinator = await startCoordinator(['a', 'b', 'c', 'outsider']);
  [a, b, c] = [coordinator.silo('a'), coordinator.silo('b'), coordinator.silo('c')];
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
    raw: Uint8Array.from(baseModel),
  });
});
afterAll(() => coordinator.close());

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

function nested(depth: number): unknown[] {
  return depth === 0 ? [] : [nested(depth - 1)];
}
