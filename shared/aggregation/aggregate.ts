/**
 * Makes the next global model of a frozen set: decides by a strategy, then folds the sealed updates and writes model
 * and state as they come, in order. Memory holds a few blocks, whatever the model's size.
 *
 * 1. What is written depends on base, state, set and strategy alone: not on blocks, workers, kernels or timing.
 * 2. The set is never made smaller here. An update that does not open ends the aggregation.
 */
import type { UpdateEncoding } from '../contracts/encoding.ts';
import { type Refusal, refuse } from '../contracts/refusals.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import type {
  Decision,
  Statistics,
  Strategy,
  StrategyScalars,
  UpdateFigures,
} from '../domain/strategies/decision.ts';
import { type StateTensor, stateTensorsOf } from '../domain/strategies/fold-plan.ts';
import { StrategyFault } from '../domain/strategies/strategy-fault.ts';
import { MOST_ROWS } from '../kernels/kernels.ts';
import type { ReadInto } from '../ports/blobs.ts';
import { canonicalHeader } from '../tensors/schema.ts';
import { blockColumns, EVIDENCE_UPDATES } from './block-size.ts';
import type { Checkpoints } from './checkpoints.ts';
import { updateLayout } from './choose-update-layout.ts';
import { strategiesFolder } from './deployed-files.ts';
import { addPartials, cosines } from './evidence.ts';
import {
  type Block,
  FoldRefused,
  holdsAllUpdates,
  type Opening,
  partialWidth,
  type Task,
  updatesRead,
} from './fold-task.ts';
import { keepLastSegment } from './keep-last-segment.ts';
import type { Lane } from './lane.ts';
import { moduleUrl } from './load-module.ts';
import { type ModelLayout, modelLayout } from './model-layout.ts';
import { type LaneOptions, openLanes } from './open-lanes.ts';
import type { Output, Write } from './output.ts';
import { readBuffers } from './read-buffers.ts';
import { runPass } from './run-pass.ts';
import { runShards } from './run-shards.ts';
import { type SpareBytes, spareBytes } from './spare-bytes.ts';
import type { UpdateLayout } from './update-layout.ts';

/** One update of the frozen set. */
export interface SealedUpdate {
  readonly figures: UpdateFigures;
  readonly opening: Opening;
  readonly readCiphertext: ReadInto;
}

export interface Aggregation {
  readonly schema: TensorSchema;
  /** How all updates are encoded; absent where they travelled as they are. */
  readonly encoding?: UpdateEncoding | undefined;
  /** In canonical order. */
  readonly updates: readonly SealedUpdate[];
  readonly strategy: Strategy;
  readonly scalars: StrategyScalars;
  readonly base: ReadInto;
  /** State tensors beside the base; what is absent begins as zeros. */
  readonly state: Readonly<Partial<Record<StateTensor, ReadInto>>>;
  /** Begins a file; asked once for each that the strategy writes. Files of a failed aggregation are not to be kept. */
  readonly output: (name: Output) => Promise<Write>;
}

export interface AggregateOptions extends LaneOptions {
  /** Columns per block, where the default is not wanted. */
  readonly blockColumns?: number | undefined;
  /** Where a large model is made shard by shard, so that a crash repeats one of them. */
  readonly checkpoints?: Checkpoints | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Progress {
  readonly pass: 'measure' | 'fold';
  readonly columnsDone: number;
  readonly columns: number;
}

export interface Aggregated {
  readonly ok: true;
  readonly decision: Decision;
  readonly scales: readonly number[];
  /** Of each update to the combined step; null where it was not measured. */
  readonly cosines: readonly (number | null)[];
}

export type AggregationRefusal =
  | Refusal<'strategy-precondition' | 'not-finite'>
  /** An update of the set that does not open any more. */
  | (Refusal<'header-tag' | 'segment-tag'> & { readonly silo: string });

/** Throws when the base or state is not what the schema says, when a reader or writer fails, and on abort. */
export async function aggregate(
  input: Aggregation,
  options: AggregateOptions = {},
): Promise<Aggregated | AggregationRefusal> {
  const { schema, encoding, updates, strategy, scalars } = input;
  const figures = updates.map((update) => update.figures);
  const lack = strategy.check(figures);
  if (lack !== undefined) return lack;
  if (updates.length > MOST_ROWS && strategy.statistics !== 'none') return tooMany(updates.length);
  const layout = modelLayout(schema);
  await checkHeader(input.base, layout.header, 'base model');

  let lanes: Lane[] = [];
  try {
    const openings = updates.map(({ opening }) => opening);
    const bytes = layout.totalBytes * updates.length;
    lanes = await openLanes(options, { schema, encoding, openings, bytes });
    const sent = updateLayout(layout, schema, encoding);
    // One store for all passes and shards: workers hold on to buffers until they collect garbage, which may be long.
    const spare = spareBytes();
    const work: Work = { input, options, layout, sent, lanes, spare };
    const scales = strategy.scales(figures, scalars);
    const statistics = await measure(work, scales);
    const decision = strategy.decide(figures, scales, statistics, scalars);
    return { ok: true, decision, scales, cosines: await fold(work, decision) };
  } catch (error) {
    return asRefusal(error, figures);
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

interface Work {
  readonly input: Aggregation;
  readonly options: AggregateOptions;
  readonly layout: ModelLayout;
  readonly sent: UpdateLayout;
  readonly lanes: readonly Lane[];
  readonly spare: SpareBytes;
}

/** A mean takes any number of updates; whatever compares them with each other has all of a column in memory. */
function tooMany(updates: number): Refusal<'strategy-precondition'> {
  const detail = `The strategy compares updates with each other, which it does for up to ${MOST_ROWS}; there are ${updates}.`;
  return refuse('strategy-precondition', detail);
}

/** The pass before the decision, where the strategy wants one. */
async function measure(work: Work, scales: readonly number[]): Promise<Statistics> {
  const { strategy, updates } = work.input;
  const wanted = strategy.statistics;
  if (wanted === 'none') return {};
  const trusted = strategy.trusted?.(updates.map(({ figures }) => figures)) ?? 0;
  const task: Task = { kind: 'measure', wanted, scales, trusted };
  const sums = new Float64Array(partialWidth(task, updates.length));
  await runShards({
    ...sharding(work, task),
    sums,
    resume: async () => undefined,
    run: (columns) =>
      pass(work, task, columns, {
        buffersOf: async (_, take) => ({ model: take(0), m: take(0), v: take(0) }),
        deliver: async (_, { partials }) => addPartials(sums, partials),
      }),
  });
  return wanted === 'distances' ? { distances: sums } : { products: sums };
}

/** The pass that writes. */
async function fold(work: Work, { plan }: Decision): Promise<(number | null)[]> {
  const { input, layout } = work;
  const updates = input.updates.length;
  const alone: Task = { kind: 'fold', plan, evidence: false };
  const evidence = holdsAllUpdates(alone) || updates <= EVIDENCE_UPDATES;
  const task: Task = { kind: 'fold', plan, evidence };
  if (holdsAllUpdates(alone) && updates > MOST_ROWS) throw new StrategyFault(tooMany(updates).detail);
  const sums = new Float64Array(partialWidth(task, updates));
  const state = stateTensorsOf(plan.server);
  const writeModel = await input.output('model');
  await writeModel(layout.header);
  const files: { name: Output; write: Write }[] = [
    { name: 'model', write: writeModel },
    ...(await Promise.all(state.map(async (name) => ({ name, write: await beginState(work, name) })))),
  ];
  await runShards({
    ...sharding(work, task),
    sums,
    resume: async (shard) => {
      await Promise.all(files.map(({ name, write }) => shard.read(name, write)));
    },
    run: (columns, kept) =>
      pass(work, task, columns, {
        buffersOf: (block, take) => readBuffers({ ...input, layout, kept: state }, block, take),
        deliver: async (_, { buffers, partials }) => {
          addPartials(sums, partials);
          const written = files.flatMap(({ name, write }) => [
            write(buffers[name]),
            kept?.write(name, buffers[name]) ?? Promise.resolve(),
          ]);
          await Promise.all(written);
        },
      }),
  });
  return evidence ? cosines(sums, normsOf(work, task)) : input.updates.map(() => null);
}

/**
 * Of the updates that a pass reads. Admission measured them over all float tensors, so with control variates among
 * those they are of no use.
 */
function normsOf({ input, layout }: Work, task: Task): (number | null)[] {
  const read = new Set(updatesRead(task, input.updates.length));
  return input.updates.map(({ figures }, i) => (read.has(i) && !layout.hasControl ? figures.norm : null));
}

async function beginState({ input, layout }: Work, name: StateTensor): Promise<Write> {
  const header = canonicalHeader(layout.stateSchema);
  const before = input.state[name];
  if (before !== undefined) await checkHeader(before, header, `state tensor ${name}`);
  const write = await input.output(name);
  await write(header);
  return write;
}

function sharding({ options, layout }: Work, task: Task) {
  return { name: task.kind, columns: layout.columns, checkpoints: options.checkpoints };
}

async function pass(
  { input, options, layout, sent, lanes, spare }: Work,
  task: Task,
  part: Block,
  how: Pick<Parameters<typeof runPass>[0], 'buffersOf' | 'deliver'>,
): Promise<void> {
  await runPass({
    lanes,
    sent,
    task,
    module: moduleOf(task),
    // Blocks are short where all updates are held: several then lie in one segment of an encoded update.
    updates: input.updates.map(({ readCiphertext }) =>
      sent.encoded && holdsAllUpdates(task) ? keepLastSegment(readCiphertext) : readCiphertext,
    ),
    columns: part,
    blockColumns: options.blockColumns ?? blockColumns(task, input.updates.length, sent.encoded),
    spare,
    signal: options.signal,
    buffersOf: how.buffersOf,
    deliver: async (block, folded) => {
      await how.deliver(block, folded);
      options.onProgress?.({ pass: task.kind, columnsDone: block.to, columns: layout.columns });
    },
  });
}

function moduleOf(task: Task) {
  if (task.kind !== 'fold' || task.plan.combination.kind !== 'module') return undefined;
  const { module, parameters } = task.plan.combination;
  return { name: module, url: moduleUrl(module, strategiesFolder()), parameters };
}

async function checkHeader(read: ReadInto, header: Buffer, whose: string): Promise<void> {
  const found = Buffer.alloc(header.length);
  await read(0, found);
  if (!found.equals(header))
    throw new Error(`The ${whose} does not have the canonical header of its schema.`);
}

/** What the set or the strategy is to blame for is data; everything else goes on as thrown. */
function asRefusal(error: unknown, figures: readonly UpdateFigures[]): AggregationRefusal {
  if (error instanceof StrategyFault) return refuse('strategy-precondition', error.message);
  if (!(error instanceof FoldRefused)) throw error;
  const { slug, message, update } = error;
  if (slug === 'header-tag' || slug === 'segment-tag') {
    const blamed = figures.find((_, i) => i === update);
    return { ...refuse(slug, message), silo: blamed?.silo ?? 'unknown' };
  }
  return refuse(slug, message);
}
