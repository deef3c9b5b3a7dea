/**
 * What one machine gets out of the durable engine, with every write synced to disk. The rate of bare commits of the
 * same disk, taken in the same run, stands beside the rates: a sequential activity cannot be faster than its commit.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { type DurableEngine, startDurable } from '../../local/durable/engine.ts';
import { installWorker } from '../../local/functions-host/core-api.ts';
import { durableFunctions, durableInvokers } from '../../local/functions-host/durable-functions.ts';
import type { BenchRow } from '../row.ts';

const sequential = 1_000;
const fan = 1_000;
const instances = 50;
const activitiesEach = 20;
const generations = 10_000;
const longestWait = 120_000;

async function runToEnd(engine: DurableEngine, name: string, input: object): Promise<void> {
  const started = await engine.start({ name, input: JSON.stringify(input) });
  if (started.kind !== 'started') throw new Error(`${name} was not started: ${started.kind}`);
  const instance = await engine.waitForEnd(started.instanceId, longestWait);
  if (instance?.status !== 'Completed') throw new Error(`${name} did not complete: ${instance?.output}`);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}

/** Synced commits per second of one small row, without any engine. */
function bareCommits(directory: string): number {
  const database = new Database(join(directory, 'bare.db'));
  database.exec('PRAGMA journal_mode=WAL');
  database.exec('PRAGMA synchronous=FULL');
  database.exec('CREATE TABLE rows(id INTEGER PRIMARY KEY, content TEXT)');
  const insert = database.prepare('INSERT INTO rows(content) VALUES(?)');
  const content = 'x'.repeat(500);
  const begun = performance.now();
  let count = 0;
  for (; performance.now() - begun < 500; count++) insert.run(content);
  const rate = count / ((performance.now() - begun) / 1_000);
  database.close();
  return rate;
}

/** Bytes of live heap after collection; undefined when the process was not started with --expose-gc. */
function heap(): number | undefined {
  if (globalThis.gc === undefined) return undefined;
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** Growth of the live heap over the second half of many generations of continue-as-new, in MiB. */
async function growthOverGenerations(engine: DurableEngine): Promise<number | undefined> {
  await runToEnd(engine, 'generations', { left: generations / 2 });
  const before = heap();
  await runToEnd(engine, 'generations', { left: generations });
  const after = heap();
  return before === undefined || after === undefined ? undefined : (after - before) / 2 ** 20;
}

export async function run(): Promise<BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-durable-'));
  const worker = installWorker(() => {});
  await import('./durable-app.ts'); // after the worker: the package registers its functions with it
  const engine = startDurable({
    dataDir: join(directory, 'hub'),
    functions: durableFunctions(worker.functions),
    invoke: durableInvokers(worker, (_, work) => work()),
  });
  try {
    await runToEnd(engine, 'sequence', { count: 300 }); // compiles the hot paths
    const bare = bareCommits(directory);
    const peer = `bare commits ${Math.round(bare)}/s`;
    const inSequence = await secondsOf(() => runToEnd(engine, 'sequence', { count: sequential }));
    const fannedOut = await secondsOf(() => runToEnd(engine, 'fanOut', { count: fan }));
    const together = await secondsOf(() =>
      Promise.all(
        Array.from({ length: instances }, () => runToEnd(engine, 'sequence', { count: activitiesEach })),
      ),
    );
    const growth = await growthOverGenerations(engine);
    return [
      {
        name: `durable: ${sequential} activities in sequence`,
        value: sequential / inSequence,
        unit: 'activities/s',
        bar: 1_000,
        direction: 'min',
        peer,
      },
      {
        name: 'durable: activities in sequence per bare commit',
        value: sequential / inSequence / bare,
        unit: 'ratio',
        bar: 0.2,
        direction: 'min',
        peer,
      },
      {
        name: `durable: fan-out of ${fan}`,
        value: fannedOut,
        unit: 's',
        bar: 1,
        direction: 'max',
        peer,
      },
      {
        name: `durable: ${instances} instances of ${activitiesEach} activities`,
        value: (instances * activitiesEach) / together,
        unit: 'activities/s',
        bar: 1_500,
        direction: 'min',
        peer,
      },
      ...(growth === undefined
        ? []
        : [
            {
              name: `durable: heap growth over ${generations} generations`,
              value: growth,
              unit: 'MiB',
              bar: 2,
              direction: 'max',
            } as const,
          ]),
    ];
  } finally {
    await engine.close(0);
    rmSync(directory, { recursive: true, force: true });
  }
}
