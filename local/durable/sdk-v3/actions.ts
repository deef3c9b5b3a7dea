/**
 * The SDK's action shapes: what an orchestrator asked for, one entry per `yield`, since its generation began.
 * They are read from live objects, because the identity of an action tells a task yielded twice (see strict.ts)
 * and because cancelling a timer flips `isCanceled` on an action of an earlier yield.
 */
export interface RetryOptions {
  readonly firstRetryIntervalInMilliseconds: number;
  readonly maxNumberOfAttempts: number;
  readonly backoffCoefficient?: number;
  readonly maxRetryIntervalInMilliseconds?: number;
  readonly retryTimeoutInMilliseconds?: number;
}

export type Action =
  | { readonly actionType: 0; readonly functionName: string; readonly input?: unknown }
  | {
      readonly actionType: 1;
      readonly functionName: string;
      readonly input?: unknown;
      readonly retryOptions: RetryOptions;
    }
  | {
      readonly actionType: 2;
      readonly functionName: string;
      readonly input?: unknown;
      readonly instanceId?: string;
      readonly version?: string;
    }
  | {
      readonly actionType: 3;
      readonly functionName: string;
      readonly input?: unknown;
      readonly instanceId?: string;
      readonly version?: string;
      readonly retryOptions: RetryOptions;
    }
  | { readonly actionType: 4; readonly input?: unknown }
  | { readonly actionType: 5; readonly fireAt: Date | string; readonly isCanceled: boolean }
  | { readonly actionType: 6; readonly externalEventName: string }
  | { readonly actionType: 11 | 12; readonly compoundActions: readonly Action[] };

const unsupportedNames: Record<number, string> = {
  7: 'callEntity',
  8: 'callHttp',
  9: 'signalEntity',
  10: 'scheduled signalEntity',
  13: 'lock',
  14: 'release of a lock',
};

/** An orchestrator asked for something that this engine does not run; its instance fails with this message. */
export class UnsupportedAction extends Error {
  override readonly name = 'UnsupportedAction';
  constructor(action: string) {
    super(`not supported by the embedded host: ${action}`);
  }
}

/** The SDK returned something that is no action: a version this engine was not written for. */
export class MalformedAction extends Error {
  override readonly name = 'MalformedAction';
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function requireRetry(candidate: Record<string, unknown>): void {
  const retry = candidate['retryOptions'];
  if (
    !isRecord(retry) ||
    typeof retry['firstRetryIntervalInMilliseconds'] !== 'number' ||
    typeof retry['maxNumberOfAttempts'] !== 'number'
  ) {
    throw new MalformedAction('retry options without a first interval and a number of attempts');
  }
}

function requireName(candidate: Record<string, unknown>, key: string): void {
  if (typeof candidate[key] !== 'string') throw new MalformedAction(`an action without ${key}`);
}

/** Checks one action and those inside it. Throws {@link UnsupportedAction} or {@link MalformedAction}. */
export function checkAction(candidate: unknown): asserts candidate is Action {
  if (!isRecord(candidate)) throw new MalformedAction('an action that is no object');
  const type = candidate['actionType'];
  switch (type) {
    case 1:
    case 3:
      requireName(candidate, 'functionName');
      requireRetry(candidate);
      return;
    case 0:
    case 2:
      requireName(candidate, 'functionName');
      return;
    case 4:
      return;
    case 5:
      if (!(candidate['fireAt'] instanceof Date) && typeof candidate['fireAt'] !== 'string') {
        throw new MalformedAction('a timer without fireAt');
      }
      return;
    case 6:
      requireName(candidate, 'externalEventName');
      return;
    case 11:
    case 12: {
      const children = candidate['compoundActions'];
      if (!Array.isArray(children)) throw new MalformedAction('a compound action without children');
      for (const child of children) checkAction(child);
      return;
    }
    default: {
      const named = typeof type === 'number' ? unsupportedNames[type] : undefined;
      throw new UnsupportedAction(named ?? `action type ${String(type)}`);
    }
  }
}

export function checkActions(candidates: readonly unknown[]): readonly Action[] {
  for (const candidate of candidates) checkAction(candidate);
  return candidates as readonly Action[];
}
