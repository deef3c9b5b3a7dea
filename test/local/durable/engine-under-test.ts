import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DurableEngine, type DurableOptions, startDurable } from '../../../local/durable/engine.ts';
import { hasEnded, type Instance, type RuntimeStatus } from '../../../local/durable/instance.ts';
import { installWorker } from '../../../local/functions-host/core-api.ts';
import { durableFunctions, durableInvokers } from '../../../local/functions-host/durable-functions.ts';
import { manualClock } from './manual-clock.ts';

const worker = installWorker(() => {});
// After the worker is there: the packages register their functions with it.
export const { calls, openGate } = await import('./fixture/activities.ts');
await import('./fixture/orchestrations.ts');
await import('./fixture/hazards.ts');
await import('./fixture/generated.ts');

const engines = new Set<DurableEngine>();
const directories = new Set<string>();

export const invoke = durableInvokers(worker, (_, work) => work());

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-durable-'));
  directories.add(directory);
  return directory;
}

/** An engine over the fixture app, with its own task hub and a clock that the test moves. */
export function startEngine(options: Partial<DurableOptions> = {}) {
  const clock = manualClock(Date.parse('2026-01-01T00:00:00Z'));
  const warnings: string[] = [];
  const engine = startDurable({
    dataDir: temporaryDirectory(),
    functions: durableFunctions(worker.functions),
    invoke,
    clock,
    warn: (_, message) => warnings.push(message),
    limits: { maxConcurrentActivityFunctions: 20 },
    ...options,
  });
  engines.add(engine);
  return { engine, clock, warnings };
}

export async function stopEngines(): Promise<void> {
  for (const engine of engines) await engine.close(0);
  engines.clear();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  directories.clear();
}

export async function until<T>(what: string, probe: () => T | undefined | null | false): Promise<T> {
  const end = Date.now() + 12_000;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

export async function start(
  engine: DurableEngine,
  name: string,
  input?: unknown,
  id?: string,
): Promise<string> {
  const outcome = await engine.start({
    name,
    input: input === undefined ? null : JSON.stringify(input),
    ...(id === undefined ? {} : { instanceId: id }),
  });
  if (outcome.kind !== 'started') throw new Error(`not started: ${outcome.kind}`);
  return outcome.instanceId;
}

/** Waits for the end of the instance; a clock given is moved on, so that timers pass. */
export async function ended(
  engine: DurableEngine,
  id: string,
  clock?: { advance(milliseconds: number): void },
): Promise<Instance> {
  return until(`${id} ended`, () => {
    clock?.advance(250);
    const instance = engine.status(id);
    return instance && hasEnded(instance.status) && instance;
  });
}

export const reaches = (engine: DurableEngine, id: string, status: RuntimeStatus): Promise<boolean> =>
  until(`${id} is ${status}`, () => engine.status(id)?.status === status);

export const outputOf = (instance: Instance): unknown =>
  instance.output === null ? null : (JSON.parse(instance.output) as unknown);

/** Lets the engine do what it can do without the clock. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
};
