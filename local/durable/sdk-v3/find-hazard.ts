/** Looks for the hazards of strict.ts in what each episode of a generation did. */
import type { HazardNumber, StrictOptions } from '../strict.ts';
import type { Action } from './actions.ts';
import type { Interpretation } from './interpreter.ts';
import type { OrchestratorRun } from './sdk-executor.ts';

export interface Hazard {
  readonly number: HazardNumber;
  readonly message: string;
}

export interface HazardWatch {
  /** The first hazard that is watched for, or undefined; `added` are the actions since the last look. */
  look(run: OrchestratorRun, added: readonly Action[], seen: Interpretation): Hazard | undefined;
}

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

function yieldedTwice(added: readonly Action[], known: Set<Action>): Hazard | undefined {
  let twice = false;
  for (const action of flatten(added)) {
    if (known.has(action)) twice = true;
    known.add(action);
  }
  return twice
    ? hazard(1, 'a task that had already been yielded was yielded again, so it would run twice')
    : undefined;
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
  if (typeof seen.continueAsNew?.input === 'string') {
    return hazard(7, 'continue-as-new with a text hands it over encoded twice; pass an object');
  }
  const dropped = seen.unconsumed.filter((name) => !wakeUps.includes(name));
  if (seen.continueAsNew && dropped.length > 0) {
    return hazard(4, `continue-as-new drops events that nobody awaited: ${[...new Set(dropped)].join(', ')}`);
  }
  return undefined;
}

export function watchHazards(options: StrictOptions): HazardWatch {
  const known = new Set<Action>();
  return {
    look(run, added, seen) {
      const candidates = [
        yieldedTwice(added, known),
        retryTimeout(added),
        drift(run, seen),
        ending(run, seen, options.wakeUpEvents ?? []),
      ];
      return candidates.find((found) => found !== undefined && options.hazards.includes(found.number));
    },
  };
}
