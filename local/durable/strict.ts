/**
 * Strict mode: finds what would go wrong silently on Azure, so that an instance fails loudly here instead. Each hazard
 * has a page, docs/problems/durable-hazard-N.md.
 *
 * 1. A task is yielded twice: it runs twice and results reach the wrong task.
 * 2. Task ids of SDK and host have drifted apart, as when Task.all over retried calls fails fast while others retry.
 * 3. A retry timeout: the host stops without the timer that the SDK waits for.
 * 4. Events that nobody waited for are dropped by continue-as-new.
 * 5. The orchestrator ends while timers, activities or sub-orchestrations are open: the instance stays Running.
 * 6. Something without a message was thrown: the host takes that for "not done" and the instance hangs.
 */
import type { Action } from './actions.ts';
import type { Interpretation } from './interpreter.ts';
import type { OrchestratorRun } from './sdk-executor.ts';

export type HazardNumber = 1 | 2 | 3 | 4 | 5 | 6;

export interface Hazard {
  readonly number: HazardNumber;
  readonly message: string;
}

export interface StrictOptions {
  /** The hazards that fail an instance; others are left to happen as they would on Azure. */
  readonly hazards: readonly HazardNumber[];
  /** Events that only say "look again"; dropping one at continue-as-new loses nothing. */
  readonly wakeUpEvents?: readonly string[];
}

export const everyHazard: readonly HazardNumber[] = [1, 2, 3, 4, 5, 6];

const hazard = (number: HazardNumber, what: string): Hazard => ({
  number,
  message: `durable hazard ${number}: ${what} (docs/problems/durable-hazard-${number}.md)`,
});

function* flatten(actions: readonly Action[]): Generator<Action> {
  for (const action of actions) {
    yield action;
    if (action.actionType === 11 || action.actionType === 12) yield* flatten(action.compoundActions);
  }
}

function yieldedTwice(actions: readonly Action[]): Hazard | undefined {
  const seen = new Set<Action>();
  for (const action of flatten(actions)) {
    if (seen.has(action)) {
      return hazard(1, 'a task that had already been yielded was yielded again, so it would run twice');
    }
    seen.add(action);
  }
  return undefined;
}

function retryTimeout(actions: readonly Action[]): Hazard | undefined {
  for (const action of flatten(actions)) {
    if (action.actionType !== 1 && action.actionType !== 3) continue;
    if (typeof action.retryOptions.retryTimeoutInMilliseconds === 'number') {
      return hazard(
        3,
        'retryTimeoutInMilliseconds leaves the orchestrator waiting for ever once it has passed',
      );
    }
  }
  return undefined;
}

function drift(run: OrchestratorRun, seen: Interpretation): Hazard | undefined {
  if (run.outcome.kind !== 'waiting') return undefined;
  const wrong = (what: string): Hazard => hazard(2, `${what}, so results would reach the wrong task`);
  for (const [id, task] of seen.open) {
    const expected = run.openAction(id);
    if (expected === undefined)
      return wrong(`the host runs task ${id}, which the orchestrator does not await`);
    if (expected.action !== task.action) return wrong(`task ${id} means different things to host and SDK`);
  }
  if (!seen.caughtUp) {
    return seen.openRetries > 0
      ? wrong('the orchestrator went on while a retried call of a failed Task.all was still open')
      : undefined;
  }
  return run.sequenceNumber === seen.nextId
    ? undefined
    : wrong(`the SDK gave out ${run.sequenceNumber} task ids, the host ${seen.nextId}`);
}

function ending(run: OrchestratorRun, seen: Interpretation, wakeUps: readonly string[]): Hazard | undefined {
  const { outcome } = run;
  if (outcome.kind === 'waiting') return undefined;
  if (outcome.kind === 'failed' && outcome.message === '') {
    return hazard(6, 'the orchestrator threw an error without a message');
  }
  const open = [...seen.open.values()].map((task) => task.decision.kind);
  const left = outcome.kind === 'failed' ? open.filter((kind) => kind === 'timer') : open;
  if (left.length > 0)
    return hazard(5, `the orchestrator ended while open: ${[...new Set(left)].join(', ')}`);
  if (outcome.kind === 'done' && !(seen.idle && seen.caughtUp)) {
    return hazard(5, 'the orchestrator ended while a Task.all still waits for an external event');
  }
  const dropped = seen.unconsumed.filter((name) => !wakeUps.includes(name));
  if (seen.continueAsNew && dropped.length > 0) {
    return hazard(4, `continue-as-new drops events that nobody awaited: ${[...new Set(dropped)].join(', ')}`);
  }
  return undefined;
}

/** The first hazard that `options` watches for, or undefined. */
export function findHazard(
  run: OrchestratorRun,
  actions: readonly Action[],
  seen: Interpretation,
  options: StrictOptions,
): Hazard | undefined {
  const candidates = [
    yieldedTwice(actions),
    retryTimeout(actions),
    drift(run, seen),
    ending(run, seen, options.wakeUpEvents ?? []),
  ];
  return candidates.find((found) => found !== undefined && options.hazards.includes(found.number));
}
