/**
 * The protocol of durable-functions 3: the SDK runs the orchestrator over the history and returns every action of the
 * generation; what the host has to do follows from these and the history.
 */
import type { HistoryEvent } from '../events.ts';
import type { Instance } from '../instance.ts';
import {
  type Ending,
  failed,
  failure,
  type Judgement,
  type OrchestratorProtocol,
  type Verdict,
} from '../orchestrator-protocol.ts';
import { customStatusLimitBytes, exceedsCustomStatus, toJson } from '../payload.ts';
import type { StrictOptions } from '../strict.ts';
import { type Action, checkActions, MalformedAction, UnsupportedAction } from './actions.ts';
import { watchHazards } from './find-hazard.ts';
import { type Interpretation, startInterpreter } from './interpreter.ts';
import { type InvokeOrchestrator, type OrchestratorRun, runOrchestrator } from './sdk-executor.ts';

/** `strict` undefined lets happen what would happen on Azure. */
export function sdkV3(invoke: InvokeOrchestrator, strict: StrictOptions | undefined): OrchestratorProtocol {
  return {
    async replay(instance, history, isReplaying) {
      const live = await runOrchestrator(invoke, { instance, history, isReplaying });
      const judge = startJudge(instance, strict);
      const judged = (events: readonly HistoryEvent[]): Judgement => {
        const { verdict, hostLeads } = judge(events, live.run());
        const { feed } = live;
        if (verdict.ending !== undefined || hostLeads || feed === undefined)
          return { verdict, session: undefined };
        return {
          verdict,
          session: {
            next(more) {
              feed(more);
              return judged(more);
            },
          },
        };
      };
      return judged(history);
    },
  };
}

interface Step {
  readonly verdict: Verdict;
  /**
   * The host has nothing left to start or to wait for, and the orchestrator still waits: for a task of an earlier yield
   * (the loser of a race). A replay will start its next action where that earlier yield completed, and so before what
   * has happened since; one that goes on from here would start it too late.
   */
  readonly hostLeads: boolean;
}

/** Judges a generation step by step; the first step takes the whole history so far. */
function startJudge(
  instance: Instance,
  strict: StrictOptions | undefined,
): (events: readonly HistoryEvent[], run: OrchestratorRun) => Step {
  const interpreter = startInterpreter();
  const hazards = strict && watchHazards(strict);
  let checked = 0;

  return (events, run) => {
    const warnings: string[] = [];
    const customStatus = run.customStatus === undefined ? undefined : toJson(run.customStatus);
    const refuse = (type: string, message: string): Step => ({
      verdict: {
        decisions: [],
        canceled: [],
        customStatus: type === 'CustomStatusTooLarge' ? undefined : customStatus,
        ending: failed(instance, failure(type, message)),
        warnings,
      },
      hostLeads: false,
    });

    let added: readonly Action[];
    let seen: Interpretation;
    try {
      added = checkActions(run.actions.slice(checked));
      checked = run.actions.length;
      seen = interpreter.advance(events, run.actions as readonly Action[]);
    } catch (fault) {
      if (!(fault instanceof UnsupportedAction || fault instanceof MalformedAction)) throw fault;
      return refuse(fault.name, fault.message);
    }
    if (customStatus !== undefined && exceedsCustomStatus(customStatus)) {
      return refuse('CustomStatusTooLarge', `the custom status exceeds ${customStatusLimitBytes} bytes`);
    }
    const hazard = hazards?.look(run, added, seen);
    if (hazard) return refuse('DurableHazard', withOwnError(run, hazard.message));
    if (seen.contradiction !== undefined) {
      const message = `the orchestrator is not deterministic, or its code has changed: ${seen.contradiction}`;
      return refuse('NonDeterministicOrchestration', message);
    }
    const ending = naturalEnding(instance, run, seen, warnings);
    const { decisions, canceled, idle, caughtUp } = seen;
    return {
      verdict: { decisions, canceled, customStatus, ending, warnings },
      hostLeads: idle && caughtUp && run.outcome.kind === 'waiting',
    };
  };
}

const withOwnError = (run: OrchestratorRun, hazard: string): string =>
  run.outcome.kind === 'failed' && run.outcome.message !== '' ? `${run.outcome.message}; ${hazard}` : hazard;

/** An instance ends when its orchestrator has ended and nothing that it started is open, as on Azure. */
function naturalEnding(
  instance: Instance,
  run: OrchestratorRun,
  seen: Interpretation,
  warnings: string[],
): Ending | undefined {
  const { outcome } = run;
  if (outcome.kind === 'waiting') return undefined;
  if (outcome.kind === 'failed' && outcome.message === '') {
    warnings.push('the orchestrator threw an error without a message and hangs, as it would on Azure');
    return undefined;
  }
  if (!seen.caughtUp || !seen.idle || seen.open.size > 0) {
    warnings.push('the orchestrator has ended but stays Running until what it started has ended');
    return undefined;
  }
  if (outcome.kind === 'failed') return failed(instance, outcome.details);
  if (seen.continueAsNew) {
    if (seen.unconsumed.length > 0) {
      warnings.push(`continue-as-new drops events that nobody awaited: ${seen.unconsumed.join(', ')}`);
    }
    return { kind: 'continued', input: toJson(seen.continueAsNew.input), carried: seen.carried };
  }
  return { kind: 'completed', output: toJson(outcome.output) };
}
