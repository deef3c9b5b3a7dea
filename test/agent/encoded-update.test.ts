import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clip } from '../../agent/clip.ts';
import { sentSchema, sentUpdate } from '../../agent/sent-update.ts';
import type { UpdateEncoding } from '../../shared/contracts/encoding.ts';
import type { Plan } from '../../shared/contracts/plan.ts';
import { plainReply } from '../../shared/contracts/reply.ts';
import type { Dtype, TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { checkTensors } from '../../shared/tensors/check-tensors.ts';
import { encodeFloats } from '../../shared/tensors/codec.ts';
import { encodedSchema } from '../../shared/tensors/encoding/encoded-schema.ts';
import { inspectPlaintext } from '../../shared/tensors/inspect-plaintext.ts';
import { canonicalHeader, plaintextLength, schemaDigest } from '../../shared/tensors/schema.ts';
import { ENCODINGS } from '../tensors/encoding/encodings.ts';
import { EXAMPLE_SCHEMA, exampleModel, planFor, startCoordinatorPeer } from './support/coordinator-peer.ts';
import { eventually } from './support/eventually.ts';
import { admitted } from './support/open-reply.ts';
import { startSiloPeer } from './support/silo-peer.ts';

async function kept(
  schema: TensorSchema,
  data: Buffer,
): Promise<{ file: string; schema: TensorSchema; norm: number }> {
  const root = await mkdtemp(join(tmpdir(), 'tributary-encoded-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const file = join(root, 'update');
  await writeFile(file, Buffer.concat([canonicalHeader(schema), data]));
  const check = checkTensors(schema);
  check.add(data);
  return { file, schema, norm: check.report().norm };
}

const numbers = (dtype: Dtype, ...values: number[]) => encodeFloats(dtype, Float64Array.from(values));

/** What admission makes of the update as it would be sent. */
async function judged(
  update: { file: string; schema: TensorSchema },
  encoding: UpdateEncoding,
  factor: number,
) {
  const chunks: Buffer[] = [];
  for await (const chunk of sentUpdate({ ...update, encoding }, factor)) chunks.push(Buffer.from(chunk));
  const plaintext = Buffer.concat(chunks);
  const digest = schemaDigest(sentSchema({ ...update, encoding }));
  const inspection = inspectPlaintext({
    totalBytes: plaintext.length,
    schemaDigest: digest,
    expectedSchema: update.schema,
    encoding,
  });
  inspection.add(plaintext);
  return inspection.finish();
}

describe.each(ENCODINGS)('an update sent in $name', ({ name: _, ...encoding }) => {
  test('arrives below the cap, and within it by little where it was clipped', async () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    const dtype = fc.constantFrom<Dtype>('F64', 'F32', 'F16', 'BF16');
    const cap = fc.double({ min: 0.01, max: 500, noNaN: true });
    await fc.assert(
      fc.asyncProperty(values, dtype, cap, async (list, type, limit) => {
        const schema = [{ name: 'x', dtype: type, shape: [list.length] }];
        const update = await kept(schema, numbers(type, ...list));
        const clipped = await clip({ ...update, encoding }, update.norm, limit);
        if (!clipped.ok) throw new Error(clipped.detail);
        const found = await judged(update, encoding, clipped.factor);
        if (!found.ok) throw new Error(found.detail);
        expect(found.evidence.norm).toBeLessThanOrEqual(limit);
        if (clipped.factor < 1) expect(found.evidence.norm).toBeGreaterThan(0.5 * limit);
        expect(clipped.encodingError).toBeGreaterThanOrEqual(0);
        expect(clipped.encodingError).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });
});

test('the error is what encoding changed over what there was', async () => {
  const schema: TensorSchema = [
    { name: 'x', dtype: 'F32', shape: [8] },
    { name: 'control/x', dtype: 'F32', shape: [1] },
  ];
  const update = await kept(schema, numbers('F32', 3, 0, 0, 0, 0, 0, 0, -4, 100));
  const sparse = await clip({ ...update, encoding: { kind: 'top-k', fraction: 0.1 } }, update.norm);
  expect(sparse).toMatchObject({ ok: true, factor: 1, encodingError: 3 / 5 });
  expect(await clip({ ...update, encoding: { kind: 'f16' } }, update.norm)).toMatchObject({
    encodingError: 0,
  });
  expect(await clip({ ...update, encoding: undefined }, update.norm)).toEqual({ ok: true, factor: 1 });
});

describe('numbers beyond the range of f16', () => {
  const schema: TensorSchema = [{ name: 'large', dtype: 'F32', shape: [2] }];

  test('are refused, with the encoding that has room for them', async () => {
    const update = await kept(schema, numbers('F32', 70_000, 1));
    const refused = await clip({ ...update, encoding: { kind: 'f16' } }, update.norm);
    expect(refused).toMatchObject({ ok: false, slug: 'tensor-encoding' });
    expect(refused).toMatchObject({ detail: expect.stringMatching(/"large".*f16.*bf16/) });
    expect(await clip({ ...update, encoding: { kind: 'bf16' } }, update.norm)).toMatchObject({ ok: true });
  });

  test('are sent where clipping brings them into it', async () => {
    const update = await kept(schema, numbers('F32', 70_000, 1));
    const clipped = await clip({ ...update, encoding: { kind: 'f16' } }, update.norm, 1);
    if (!clipped.ok) throw new Error(clipped.detail);
    expect(await judged(update, { kind: 'f16' }, clipped.factor)).toMatchObject({ ok: true });
  });
});

describe('an agent whose plan names an encoding', () => {
  const model = exampleModel();
  const encodedPlan = (as: UpdateEncoding, changes: Partial<Plan> = {}): Plan => {
    const sent = encodedSchema(EXAMPLE_SCHEMA, as);
    const encoding = { as, schema: schemaDigest(sent), bytes: plaintextLength(sent) };
    return planFor(model, { encoding, ...changes });
  };
  async function replyTo(plan: Plan) {
    const coordinator = await startCoordinatorPeer(model);
    const peer = await startSiloPeer(coordinator);
    peer.start();
    await peer.deliver(coordinator.plan(plan));
    await eventually(() => peer.replies.length === 1, 'a reply');
    return { peer, reply: peer.replies[0]?.body };
  }

  test('sends the update so, within the cap, and tells what that changed', async () => {
    const limits = { maxUpdateBytes: 1_000_000, weightCap: 50, normCap: 0.1 };
    const plan = encodedPlan({ kind: 'int8' }, { limits });
    const { peer, reply } = await replyTo(plan);
    const { evidence, manifest } = await admitted(peer, plan, reply, EXAMPLE_SCHEMA);
    expect(evidence.norm).toBeLessThanOrEqual(0.1);
    expect(evidence.norm).toBeGreaterThan(0.099);
    expect(manifest.h).toMatchObject({ len: plan.encoding?.bytes, schema: plan.encoding?.schema });
    expect(manifest.h.metrics).toMatchObject({ auc: 0.75, encodingError: expect.closeTo(0, 2) });
    expect(peer.logLines.join('\n')).toContain('update-encoded');
  });

  test('counts the bytes that travel against the largest update', async () => {
    const plan = encodedPlan({ kind: 'int8' });
    const bytes = plan.encoding?.bytes ?? 0;
    expect(bytes).toBeLessThan(model.length);
    const limits = { ...plan.limits, maxUpdateBytes: bytes };
    const { peer, reply } = await replyTo({ ...plan, limits });
    await admitted(peer, { ...plan, limits }, reply, EXAMPLE_SCHEMA);
  });

  test('gives up, with the reason, on numbers that the encoding cannot hold', async () => {
    const task = { config: { step: 1e6 }, seed: 1, metrics: [] };
    const { reply } = await replyTo(encodedPlan({ kind: 'f16' }, { task }));
    expect(plainReply.parse(reply).body).toMatchObject({
      kind: 'failed',
      reason: { slug: 'tensor-encoding' },
    });
  });

  test('gives up where the coordinator would encode the same tensors in another way', async () => {
    const plan = encodedPlan({ kind: 'int8' });
    const encoding = { ...plan.encoding, as: { kind: 'bf16' as const }, schema: 'a'.repeat(64), bytes: 100 };
    const { reply } = await replyTo({ ...plan, encoding });
    expect(plainReply.parse(reply).body).toMatchObject({
      kind: 'failed',
      reason: { slug: 'tensor-encoding' },
    });
  });
});
