/**
 * Every strategy from its specification to the published model: two rounds, so that what a strategy keeps between
 * rounds counts, in the coordinator's own processes, against the papers' arithmetic.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StrategySpec, strategySpec } from '../../../shared/contracts/strategy-spec.ts';
import { bodyDigest } from '../../../shared/sealing/signature.ts';
import { type CoordinatorUnderTest, startCoordinator } from '../../functions/coordinator-under-test.ts';
import { eventually } from '../../functions/eventually.ts';
import { sha256 } from '../../functions/small-model.ts';
import { below, seeded } from '../../sealing/seeded.ts';
import { type Model, read, write } from './model-file.ts';
import * as reference from './reference.ts';

const answering = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
/** Is asked as the others are, and never answers. */
const silos = [...answering, 'h'];
/** The fourth is above ten times the median. */
const weights = [3, 1, 4, 90, 5, 9, 2];
const steps = [1, 2, 3, 4, 5, 6, 7];

interface Case {
  readonly name?: string;
  readonly strategy: { readonly kind: StrategySpec['kind']; readonly [parameter: string]: unknown };
  readonly rule: reference.ReferenceRule;
  readonly server?: reference.ReferenceServer;
  readonly clip?: reference.ReferenceClip;
  readonly control?: boolean;
}

const rates = { rate: 0.1, beta1: 0.9, tau: 1e-3 };
const { averaging, median } = reference;

const cases: readonly Case[] = [
  { strategy: { kind: 'fedavg' }, rule: averaging },
  { name: 'fedavg with exact sums', strategy: { kind: 'fedavg', sum: 'exact' }, rule: averaging },
  {
    name: 'fedavg with a server learning rate',
    strategy: { kind: 'fedavg', server: { kind: 'sgd', learningRate: 0.5 } },
    rule: averaging,
    server: reference.addition(0.5),
  },
  {
    name: 'fedavg of clipped updates',
    strategy: { kind: 'fedavg', clip: { kind: 'fixed', norm: 1.5 } },
    rule: averaging,
    clip: { bound: 1.5, next: (bound) => bound },
  },
  {
    name: 'fedavg of updates clipped to a norm that follows them',
    strategy: {
      kind: 'fedavg',
      clip: { kind: 'adaptive', initialNorm: 1, quantile: 0.75, learningRate: 0.5 },
    },
    rule: averaging,
    clip: { bound: 1, next: (bound, within) => bound * Math.exp(-0.5 * (within - 0.75)) },
  },
  { strategy: { kind: 'fedavgm', learningRate: 0.7 }, rule: averaging, server: reference.momentum(0.7, 0.9) },
  { strategy: { kind: 'fedadam' }, rule: averaging, server: reference.adaptive(reference.adam, rates) },
  { strategy: { kind: 'fedyogi' }, rule: averaging, server: reference.adaptive(reference.yogi, rates) },
  {
    strategy: { kind: 'fedadagrad' },
    rule: averaging,
    server: reference.adaptive(reference.adagrad, { ...rates, beta1: 0 }),
  },
  { strategy: { kind: 'fedprox', mu: 0.1 }, rule: averaging },
  { strategy: { kind: 'scaffold' }, rule: reference.scaffold(silos.length), control: true },
  { strategy: { kind: 'fednova' }, rule: reference.fednova },
  { strategy: { kind: 'fedbuff', maxStaleness: 2 }, rule: reference.fedbuff },
  { strategy: { kind: 'median' }, rule: median },
  {
    name: 'median with Adam on the server',
    strategy: { kind: 'median', server: { kind: 'adam' } },
    rule: median,
    server: reference.adaptive(reference.adam, rates),
  },
  { strategy: { kind: 'trimmed-mean', byzantine: 2 }, rule: reference.trimmedMean(2) },
  { strategy: { kind: 'geometric-median' }, rule: reference.geometricMedian },
  { strategy: { kind: 'krum', byzantine: 1 }, rule: reference.krum(1, 1) },
  { strategy: { kind: 'multi-krum', byzantine: 1 }, rule: reference.krum(1, 6) },
  { strategy: { kind: 'bulyan', byzantine: 1 }, rule: reference.bulyan(1) },
  { strategy: { kind: 'fltrust', trustedSilo: 'c' }, rule: reference.fltrust(2) },
  {
    name: 'a module of the deployed app',
    strategy: { kind: 'module', module: 'median-of-means', parameters: { groups: 3 } },
    rule: reference.medianOfMeans(3),
  },
];

const named = cases.map((given): [string, Case] => [given.name ?? given.strategy.kind, given]);

let coordinator: CoordinatorUnderTest;
beforeAll(async () => {
  coordinator = await startCoordinator(silos);
  for (const control of [false, true]) {
    const file = write(baseModel(control));
    const path = `models/uploads/${sha256(file)}`;
    const { status } = await coordinator.call('operator', 'PUT', path, { raw: Uint8Array.from(file) });
    expect(status).toBeLessThan(300);
  }
});
afterAll(() => coordinator.close());

function baseModel(control: boolean): Model {
  return { floats: [1, -2, 3.5, 0.25, 10], control: control ? [0.5, 0, -0.5, 2] : [], seen: 1_000 };
}

/** Around a common direction, so that distances and cosines tell updates apart. */
function updateOf(round: number, place: number, control: boolean): Model {
  const random = seeded(100 * round + place);
  const around = (centre: number) => Math.fround(centre + 1.4 * (random() - 0.5));
  return {
    floats: [0.5, -0.25, 0.75, 0.1, -0.5].map(around),
    control: control ? [0.1, 0.2, -0.1, 0].map(around) : [],
    seen: below(random, 1_000),
  };
}

async function send(experiment: string, round: number, place: number, control: boolean): Promise<string> {
  const silo = coordinator.silo(answering[place] ?? '');
  const weight = weights[place] ?? 1;
  const metrics = { local_steps: steps[place] ?? 1 };
  const plan = await silo.plan(experiment, round);
  const file = write(updateOf(round, place, control));
  const sealed = await silo.seal(plan, file, { weight, numExamples: weight, metrics });
  await silo.upload(sealed);
  await silo.send(sealed.reply);
  return bodyDigest(sealed.reply.m);
}

function sentOf(round: number, place: number, control: boolean, late = 0): reference.Sent {
  return { ...updateOf(round, place, control), weight: weights[place] ?? 1, steps: steps[place] ?? 1, late };
}

/** The models after each round. */
function expectedModels(
  { rule, server = reference.addition(1), clip = reference.noClip, control = false }: Case,
  rounds: readonly (readonly reference.Sent[])[],
): Model[] {
  let { bound } = clip;
  let model = baseModel(control);
  let kept = model.floats.map(() => ({ m: 0, v: 0 }));
  return rounds.map((sent) => {
    const scales = reference.clipScales(sent, bound);
    const step = rule(sent, scales);
    const moved = step.floats.map((s, d) => server(s, kept[d] ?? { m: 0, v: 0 }));
    kept = moved;
    model = {
      floats: model.floats.map((value, d) => value + (moved[d]?.add ?? Number.NaN)),
      control: model.control.map((value, d) => value + (step.control[d] ?? Number.NaN)),
      seen: model.seen + Math.round(step.seen),
    };
    bound = clip.next(bound, scales.filter((scale) => scale === 1).length / sent.length);
    return model;
  });
}

async function published(experiment: string, version: number): Promise<Model> {
  const path = `experiments/${experiment}/models/${version}/content?link=true`;
  const { body } = await coordinator.call<{ url: string; sha256: string }>('viewer', 'GET', path);
  const file = Buffer.from(await (await fetch(body.url)).arrayBuffer());
  expect(sha256(file)).toBe(body.sha256);
  return read(file);
}

/** Float32 and the state in it are rounded once per round. */
function expectNear(found: Model, expected: Model): void {
  const pairs = [...found.floats, ...found.control].map((value, d): [number, number] => [
    value,
    [...expected.floats, ...expected.control][d] ?? Number.NaN,
  ]);
  for (const [value, wanted] of pairs) {
    expect(Math.abs(value - wanted)).toBeLessThanOrEqual(2 ** -21 * Math.max(1, Math.abs(wanted)));
  }
  expect(pairs.length).toBe(expected.floats.length + expected.control.length);
  expect(found.seen).toBe(expected.seen);
}

describe('every kind of strategy', () => {
  it('is among those that are run here', () => {
    const kinds = strategySpec.options.map(({ shape }) => shape.kind.value);
    expect(new Set(cases.map(({ strategy }) => strategy.kind))).toEqual(new Set(kinds));
  });
});

describe.concurrent('two rounds through the coordinator give the model that the papers give', () => {
  it.each(named)('%s', { timeout: 120_000 }, async (_, given) => {
    const { strategy, control = false } = given;
    const buffers = strategy.kind === 'fedbuff';
    const punctual = [...answering.keys()].filter((place) => !buffers || place !== 3);
    const experiment = await coordinator.create({
      name: strategy.kind,
      silos,
      rounds: 2,
      initialModel: { kind: 'upload', sha256: sha256(write(baseModel(control))) },
      roundPolicy: { quorum: punctual.length, deadlineSeconds: 600, graceSeconds: 0 },
      strategy,
      evaluation: { finalRound: false },
    });
    await Promise.all(punctual.map((place) => send(experiment, 1, place, control)));
    if (buffers) {
      const silo = coordinator.silo(answering[3] ?? '');
      await silo.plan(experiment, 2);
      const digest = await send(experiment, 1, 3, control);
      await eventually(
        () => silo.outcomesOf(digest).some(({ result }) => result === 'late'),
        'a late update',
      );
    }
    await Promise.all(punctual.map((place) => send(experiment, 2, place, control)));
    const view = await coordinator.ended(experiment);
    expect([view.status, view.reason]).toMatchObject(['completed', { slug: 'rounds-done' }]);

    const sentIn = (round: number) => punctual.map((place) => sentOf(round, place, control));
    const second = sentIn(2);
    const expected = expectedModels(given, [
      sentIn(1),
      buffers ? [...second.slice(0, 3), sentOf(1, 3, control, 1), ...second.slice(3)] : second,
    ]);
    for (const [index, model] of expected.entries())
      expectNear(await published(experiment, index + 1), model);
  });
});
