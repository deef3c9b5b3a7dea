/** What an experiment does next: pure, from its document alone, so that any restart decides the same. */
import type { ExperimentDocument } from '../contracts/documents.ts';
import type { TaskKind } from '../contracts/plan.ts';
import { stopReason } from './stop-rule.ts';

export type NextStep =
  | { readonly kind: 'ended' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'round'; readonly task: TaskKind; readonly round: number; readonly attempt: number }
  | {
      readonly kind: 'finish';
      readonly status: 'completed' | 'failed' | 'cancelled';
      readonly reason: { readonly slug: string; readonly detail: string };
    };

/** The attempt that the orchestration is about to make, by its own count. */
export interface Position {
  readonly round: number;
  readonly attempt: number;
}

export function nextStep(
  experiment: Pick<ExperimentDocument, 'status' | 'spec' | 'requested' | 'pointer' | 'best' | 'sinceBest'>,
  position: Position,
  facts: { readonly pointerIsScored: boolean; readonly evaluationFailed: boolean; readonly pastEnd: boolean },
): NextStep {
  const { spec, pointer } = experiment;
  if (experiment.status !== 'pending' && experiment.status !== 'running') return { kind: 'ended' };
  if (experiment.requested === 'cancel') {
    return finish('cancelled', 'cancelled', 'an operator cancelled the experiment');
  }
  if (experiment.requested === 'suspend') return { kind: 'wait' };
  if (facts.pastEnd && !facts.pointerIsScored) {
    return pointer === null || pointer.version === 0
      ? finish('failed', 'deadline-past', 'roundPolicy.endBy passed before the first round was aggregated')
      : finish('completed', 'deadline-past', 'roundPolicy.endBy passed');
  }
  if (pointer === null) return roundOf('init', 0, position);

  const stopped = spec.stop === undefined ? undefined : stopReason(spec.stop, experiment);
  const enough =
    stopped ?? (pointer.version >= spec.rounds ? `all ${spec.rounds} rounds are done` : undefined);
  if (enough === undefined) return roundOf('train', pointer.version + 1, position);
  if (!spec.evaluation.finalRound || facts.pointerIsScored) {
    return finish('completed', stopped === undefined ? 'rounds-done' : 'stop-rule', enough);
  }
  if (facts.evaluationFailed) {
    return finish('completed', 'unscored', `${enough}; the last version could not be scored`);
  }
  return roundOf('evaluate', pointer.version + 1, position);
}

/** An attempt counts on only within the same round; a new round starts at attempt 1. */
function roundOf(task: TaskKind, round: number, position: Position): NextStep {
  return { kind: 'round', task, round, attempt: position.round === round ? position.attempt : 1 };
}

function finish(status: 'completed' | 'failed' | 'cancelled', slug: string, detail: string): NextStep {
  return { kind: 'finish', status, reason: { slug, detail } };
}

/** How one attempt ended, as the round's orchestration reports it. */
export type AttemptResult =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'cancelled' }
  | {
      readonly outcome: 'failed';
      readonly slug: string;
      readonly detail: string;
      readonly retriable: boolean;
    };

export type AfterAttempt =
  | { readonly kind: 'continue'; readonly position: Position; readonly backoffSeconds: number }
  | { readonly kind: 'fail'; readonly reason: { readonly slug: string; readonly detail: string } };

/** After a failed attempt: another one after a pause, or the end. */
export function afterAttempt(
  result: AttemptResult,
  made: Position & { readonly task: TaskKind },
  policy: { readonly maxAttempts: number; readonly backoffSeconds: number },
): AfterAttempt {
  const next = (position: Position, backoffSeconds: number): AfterAttempt => ({
    kind: 'continue',
    position,
    backoffSeconds,
  });
  if (result.outcome !== 'failed') return next({ round: made.round + 1, attempt: 1 }, 0);
  const last = made.attempt >= policy.maxAttempts || !result.retriable;
  // A version that cannot be scored is still the result: the experiment completes as unscored.
  if (last && made.task === 'evaluate') return next({ round: made.round, attempt: made.attempt + 1 }, 0);
  if (!last) return next({ round: made.round, attempt: made.attempt + 1 }, policy.backoffSeconds);
  const where = `round ${made.round}, attempt ${made.attempt} of ${policy.maxAttempts}`;
  return {
    kind: 'fail',
    reason: result.retriable
      ? { slug: 'attempts-exhausted', detail: `${where}: ${result.detail} (${result.slug})` }
      : { slug: result.slug, detail: `${where}: ${result.detail}` },
  };
}
