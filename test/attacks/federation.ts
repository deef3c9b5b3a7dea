/**
 * A federation under attack, from training to the next model's bytes: honest silos train on real digits, hostile ones
 * forge, every update is sealed, and the product aggregates.
 */
import { createHash } from 'node:crypto';
import { type DigitSet, readDigits } from '../../examples/digits/digits.mjs';
import { freshNetwork, type Network, PARTS, SHAPES, score, train } from '../../examples/digits/network.mjs';
import { seededRandom } from '../../examples/shared/seeded-random.mjs';
import type { StrategyState } from '../../shared/contracts/documents.ts';
import { type StrategySpec, strategySpec } from '../../shared/contracts/strategy-spec.ts';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import { strategyOf } from '../../shared/domain/strategies/resolve-strategy.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { aggregateSet, figuresOf, readerOf, seal } from '../aggregation/sealed-set.ts';
import { type AttackName, attacks } from './attacks.ts';
import { dealDigits } from './deal-digits.ts';
import { poisoned, triggered } from './poisoned-digits.ts';

export interface AttackRun {
  readonly attack: AttackName;
  readonly strategy: unknown;
  readonly seed: number;
  readonly silos?: number;
  readonly hostile?: number;
  readonly rounds?: number;
  /** Training digits of all silos together. */
  readonly digits?: number;
  /** How unlike silos are, as in examples/digits; alike where it is left out. */
  readonly alpha?: number | undefined;
}

/**
 * Honest updates by all that they depend on. Where a rule ignores the hostile silos, one attack's rounds are the next
 * one's too, and every first round is.
 */
export type Trained = Map<string, Float32Array>;

export interface AttackResult {
  /** Share of right answers on digits that no silo sees. */
  readonly accuracy: number;
  /** Share of images with the trigger that get the attacker's label. */
  readonly backdoor: number;
}

const schema: TensorSchema = PARTS.map((name) => ({ name, dtype: 'F32', shape: [...SHAPES[name]] }));
const training = { epochs: 3, learningRate: 0.2, batchSize: 10, proximal: 0 };

let loaded: { train: DigitSet; test: DigitSet } | undefined;

export async function runAttack(run: AttackRun, trained: Trained = new Map()): Promise<AttackResult> {
  const { silos = 20, hostile = 6, rounds = 6, digits = 1_000, seed, alpha } = run;
  loaded ??= readDigits();
  const { poison, forge } = attacks[run.attack];
  const enemies = run.attack === 'none' ? 0 : hostile;
  const sets = dealDigits(loaded.train, { silos, digits, seed, alpha }).map((set, silo) =>
    silo < enemies ? poisoned(set, poison) : set,
  );
  const random = seededRandom(`attack ${run.attack} ${seed}`);
  const spec: StrategySpec = strategySpec.parse(run.strategy);

  let network = freshNetwork(String(seed));
  let state: { scalars: StrategyState['scalars']; files: Partial<Record<'m' | 'v', Buffer>> } = {
    scalars: {},
    files: {},
  };
  for (let round = 1; round <= rounds; round++) {
    const before = flat(network);
    const base = fileOf(before);
    const start = `${createHash('sha256').update(base).digest('hex')} ${digits} ${alpha}`;
    const updateOf = (set: DigitSet, silo: number): Float32Array => {
      const order = `${seed} ${round} ${silo}`;
      const key = `${start} ${order} ${silo < enemies ? poison : undefined}`;
      const known = trained.get(key);
      if (known !== undefined) return known;
      const { network: after } = train(network, set, training, order);
      const update = flat(after).map((value, at) => value - (before[at] ?? 0));
      trained.set(key, update);
      return update;
    };
    const honest = sets.slice(enemies).map((set, at) => updateOf(set, enemies + at));
    const sent = sets.map((set, silo) => {
      const own = () => updateOf(set, silo);
      return silo < enemies ? forge({ own, honest, model: before, silos, hostile: enemies, random }) : own();
    });
    const updates = sent.map((update, silo) => {
      const bytes = fileOf(update);
      const examples = sets[silo]?.labels.length ?? 0;
      return seal(bytes, figuresOf(schema, bytes, `silo-${String(silo).padStart(2, '0')}`, examples));
    });
    const federation = { schema, base, plaintexts: [], updates };
    const made = await aggregateSet(
      federation,
      strategyOf(spec, { silos }),
      {},
      {
        scalars: state.scalars,
        state: Object.fromEntries(Object.entries(state.files).map(([name, file]) => [name, readerOf(file)])),
      },
    );
    // A model that overflows is the collapse that was looked for.
    if (!made.result.ok) return { accuracy: 0, backdoor: 0 };
    state = { scalars: made.result.decision.scalars, files: { ...made.files } };
    network = networkOf(made.files.model ?? Buffer.alloc(0));
  }
  const { test } = loaded;
  return { accuracy: score(network, test).accuracy, backdoor: score(network, triggered(test)).accuracy };
}

function flat(network: Network): Float32Array {
  const all = new Float32Array(PARTS.reduce((sum, part) => sum + network[part].length, 0));
  let at = 0;
  for (const part of PARTS) {
    all.set(network[part], at);
    at += network[part].length;
  }
  return all;
}

function fileOf(values: Float32Array): Buffer {
  let at = 0;
  return writeSafetensors(
    schema.map((tensor) => {
      const count = tensor.shape.reduce((product, extent) => product * extent, 1);
      const part = values.slice(at, at + count);
      at += count;
      return { ...tensor, data: new Uint8Array(part.buffer) };
    }),
  );
}

function networkOf(file: Buffer): Network {
  const network = freshNetwork('shape');
  let at = 8 + Number(file.readBigUInt64LE(0));
  for (const part of PARTS) {
    for (let i = 0; i < network[part].length; i++, at += 4) network[part][i] = file.readFloatLE(at);
  }
  return network;
}
