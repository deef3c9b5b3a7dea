/** Encoded updates through the embedded cloud: what a plan asks for, what is admitted, and what model comes of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpdateEncoding } from '../../shared/contracts/encoding.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { encodedSchema } from '../../shared/tensors/encoding/encoded-schema.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { canonicalHeader } from '../../shared/tensors/schema.ts';
import { travel } from '../tensors/encoding/encodings.ts';
import { type CoordinatorUnderTest, startCoordinator } from './coordinator-under-test.ts';
import { eventually } from './eventually.ts';
import { hostileSpec } from './hostile-spec.ts';
import { sha256 } from './small-model.ts';

const COUNT = 5_000;
const schema = [
  { name: 'w', dtype: 'F32' as const, shape: [COUNT] },
  { name: 'n', dtype: 'I64' as const, shape: [1] },
];
const modelOf = (values: Float32Array) =>
  writeSafetensors([
    { name: 'w', dtype: 'F32', shape: [COUNT], data: new Uint8Array(values.buffer) },
    { name: 'n', dtype: 'I64', shape: [1], data: new Uint8Array(8) },
  ]);
const valuesOf = (model: Buffer) => {
  const at = canonicalHeader(schema).length;
  return Float32Array.from({ length: COUNT }, (_, i) => model.readFloatLE(at + 4 * i));
};
const base = modelOf(new Float32Array(COUNT).fill(1));
const updates = ['a', 'b'].map((_, silo) =>
  modelOf(Float32Array.from({ length: COUNT }, (__, i) => Math.sin(i * (silo + 1)))),
);

let coordinator: CoordinatorUnderTest;
beforeAll(async () => {
  coordinator = await startCoordinator(['a', 'b']);
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(base)}`, { raw: Uint8Array.from(base) });
});
afterAll(() => coordinator.close());

const specOf = (silos: string[], encoding: UpdateEncoding) => ({
  ...hostileSpec(silos, { maxAttempts: 1 }, { encoding }),
  initialModel: { kind: 'upload', sha256: sha256(base) },
  rounds: 1,
});

const encodings: UpdateEncoding[] = [
  { kind: 'f16' },
  { kind: 'bf16' },
  { kind: 'int8' },
  { kind: 'top-k', fraction: 0.1 },
];

describe.each(encodings)('updates in $kind', (encoding) => {
  it('make the model that the mean of what arrives makes', async () => {
    const experiment = await coordinator.create(specOf(['a', 'b'], encoding));
    const arrived: Float32Array[] = [];
    for (const [i, id] of ['a', 'b'].entries()) {
      const silo = coordinator.silo(id);
      const plan = await silo.plan(experiment, 1);
      const both = travel(schema, updates[i] ?? base, encoding);
      expect(plan.encoding).toMatchObject({ as: encoding, bytes: both.sent.length });
      expect(both.sent.length).toBeLessThan(base.length * 0.6);
      const sealed = await silo.seal(plan, both.sent, { schema: plan.encoding?.schema ?? '' });
      await silo.upload(sealed);
      await silo.send(sealed.reply);
      arrived.push(valuesOf(both.arrived));
    }
    const view = await coordinator.ended(experiment);
    expect(view).toMatchObject({ status: 'completed', model: { version: 1 } });
    const expected = Float32Array.from({ length: COUNT }, (_, i) => {
      const sum = 10 * (arrived[0]?.[i] ?? 0) + 10 * (arrived[1]?.[i] ?? 0);
      return Math.fround(1 + sum / 20);
    });
    expect(view.model?.sha256).toBe(sha256(modelOf(expected)));
  });
});

describe('an update that does not travel as its plan says', () => {
  const int8: UpdateEncoding = { kind: 'int8' };
  const { sent } = travel(schema, updates[0] ?? base, int8);
  const scale = canonicalHeader(encodedSchema(schema, int8)).length;
  const broken = Buffer.from(sent);
  broken.writeFloatLE(Number.NaN, scale);
  const huge = Buffer.from(sent);
  huge.writeFloatLE(3e38, scale);

  it.each([
    ['tensor-encoding', 'has a scale that is no number', broken],
    ['not-finite', 'has products that overflow', huge],
  ])('is refused as %s where it %s, and the silo is told', async (slug, _, plaintext) => {
    const experiment = await coordinator.create(specOf(['a'], int8));
    const silo = coordinator.silo('a');
    const plan = await silo.plan(experiment, 1);
    const sealed = await silo.seal(plan, plaintext, { schema: plan.encoding?.schema ?? '' });
    await silo.upload(sealed);
    await silo.send(sealed.reply);
    const digest = bodyDigest(sealed.reply.m);
    await eventually(() => silo.outcomesOf(digest).length > 0, 'the outcome');
    expect(silo.outcomesOf(digest)[0]).toMatchObject({ result: 'refused', slug });
    expect((await coordinator.ended(experiment)).status).toBe('failed');
  });

  it('is refused by its manifest alone where it is not encoded, or encoded to another length', async () => {
    const experiment = await coordinator.create(specOf(['a'], int8));
    const silo = coordinator.silo('a');
    const plan = await silo.plan(experiment, 1);
    const audited = async () => (await coordinator.audit(experiment)).map((entry) => entry.slug);
    await silo.send((await silo.seal(plan, updates[0] ?? base)).reply);
    await eventually(async () => (await audited()).includes('context-schema'), 'the first refusal');
    const longer = await silo.seal(plan, Buffer.alloc(sent.length + 1), {
      schema: plan.encoding?.schema ?? '',
    });
    await silo.send(longer.reply);
    await eventually(async () => (await audited()).includes('length-formula'), 'the second refusal');
    await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
  });
});

it('plans without an encoding say nothing of one, so that their digests are those of before', async () => {
  const experiment = await coordinator.create({
    ...specOf(['a'], { kind: 'f16' }),
    training: {},
  });
  expect(Object.keys(await coordinator.silo('a').plan(experiment, 1))).not.toContain('encoding');
  await coordinator.call('operator', 'POST', `experiments/${experiment}/cancel`);
});
