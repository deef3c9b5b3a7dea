/**
 * Runs an orchestrator over its history with the official SDK, in process (the history is handed over as an object
 * instead of JSON text), and reads the outcome from the SDK's executor. The executor can also be kept and given further
 * events, which spares replaying all earlier ones. It is private to durable-functions, so every field is checked; the
 * package is pinned to 3.5.0.
 */
import type { FailureDetails, HistoryEvent } from '../events.ts';
import type { Instance } from '../instance.ts';

export type Outcome =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'done'; readonly output: unknown }
  /** `message` is empty when something without a message was thrown, which Azure takes for "not done". */
  | { readonly kind: 'failed'; readonly message: string; readonly details: FailureDetails };

export interface OrchestratorRun {
  readonly actions: readonly unknown[];
  readonly outcome: Outcome;
  /** undefined when the orchestrator has set none (or a falsy one, which the SDK does not report either). */
  readonly customStatus: unknown;
  /** How many task ids the SDK has given out. */
  readonly sequenceNumber: number;
  /** The action behind each task that the SDK still waits for; undefined for one added by a retry policy. */
  readonly openAction: (taskId: number) => { readonly action: unknown } | undefined;
}

/** What the Functions host gives back from one orchestrator invocation; `error` is what it threw, if it threw. */
export interface OrchestratorInvocation {
  readonly context: unknown;
  readonly error?: unknown;
  /** False when every episode has to be an invocation of its own, because hooks of the app want to see each. */
  readonly mayGoOn?: boolean;
}

export type InvokeOrchestrator = (name: string, trigger: object) => Promise<OrchestratorInvocation>;

export interface ReplayRequest {
  readonly instance: Instance;
  /** All events of the generation, the last OrchestratorStarted being that of the running episode. */
  readonly history: readonly HistoryEvent[];
  readonly isReplaying: boolean;
}

type Fields = Record<string, unknown>;
const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? (value as Fields) : undefined;

function triggerInput({ instance, history, isReplaying }: ReplayRequest): object {
  const trigger = {
    input: instance.input === null ? null : (JSON.parse(instance.input) as unknown),
    instanceId: instance.instanceId,
    isReplaying,
    parentInstanceId: instance.parent?.instanceId ?? null,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 2,
    // Beyond any deadline: the engine's own timers have no upper limit, so the SDK need not split them.
    longRunningTimerIntervalDuration: '10000.00:00:00',
    maximumShortTimerDuration: '20000.00:00:00',
    defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
  };
  // Not enumerable: the SDK walks every enumerable property of its trigger recursively, in search of timestamps.
  return Object.defineProperty(trigger, 'history', { value: history, enumerable: false });
}

function detailsOf(exception: unknown): FailureDetails {
  const fields = fieldsOf(exception);
  const message = fields?.['message'];
  const type = fields?.['name'];
  const stack = fields?.['stack'];
  return {
    ErrorType: typeof type === 'string' ? type : 'Error',
    ErrorMessage: typeof message === 'string' ? message : '',
    StackTrace: typeof stack === 'string' ? stack : null,
    IsNonRetriable: false,
    InnerFailure: null,
  };
}

export interface LiveOrchestrator {
  /** The state after all events so far. */
  run(): OrchestratorRun;
  /** undefined if it cannot be given more events. Throws when the SDK itself fails. */
  readonly feed: ((events: readonly HistoryEvent[]) => void) | undefined;
}

const isLive = (executor: Fields): boolean =>
  typeof executor['processEvent'] === 'function' &&
  typeof executor['isDoneExecuting'] === 'function' &&
  typeof executor['_isReplaying'] === 'boolean';

/** Rejects when the SDK itself failed (a fault of the host or of the history), not when the orchestrator did. */
export async function runOrchestrator(
  invoke: InvokeOrchestrator,
  request: ReplayRequest,
): Promise<LiveOrchestrator> {
  const { context, error, mayGoOn } = await invoke(request.instance.name, triggerInput(request));
  const df = fieldsOf(fieldsOf(context)?.['df']);
  const executor = fieldsOf(df?.['taskOrchestratorExecutor']);
  if (df === undefined || executor === undefined) {
    throw error instanceof Error ? error : new Error('the function is no durable orchestrator');
  }
  if (error !== undefined && executor['exception'] === undefined) {
    throw error instanceof Error ? error : new Error('the orchestration could not be replayed');
  }
  return {
    run: () => readRun(df, executor),
    feed: mayGoOn === true && isLive(executor) ? (events) => processEvents(executor, events) : undefined,
  };
}

/** As the SDK's own loop over a history does, for events that are no replay. */
function processEvents(executor: Fields, events: readonly HistoryEvent[]): void {
  const call = (method: string, ...values: unknown[]): unknown =>
    Reflect.apply(executor[method] as (...values: unknown[]) => unknown, executor, values);
  executor['_isReplaying'] = false;
  for (const event of events) {
    if (call('isDoneExecuting') === true) return;
    call('processEvent', event);
  }
}

const hasEnded = (executor: Fields): boolean =>
  executor['exception'] !== undefined ||
  executor['orchestratorReturned'] === true ||
  executor['willContinueAsNew'] === true;

function readRun(df: Fields, executor: Fields): OrchestratorRun {
  const { actions, sequenceNumber } = executor;
  const openTasks = fieldsOf(executor['openTasks']);
  if (!Array.isArray(actions) || typeof sequenceNumber !== 'number' || openTasks === undefined) {
    throw new Error('this version of durable-functions is not supported: its executor has another shape');
  }
  return {
    actions,
    sequenceNumber,
    customStatus: df['customStatus'],
    openAction(taskId) {
      const task = fieldsOf(openTasks[taskId]);
      if (task === undefined) return undefined;
      const action = task['action'];
      return { action: typeof action === 'string' ? undefined : action };
    },
    outcome: outcomeOf(executor),
  };
}

function outcomeOf(executor: Fields): Outcome {
  const { exception } = executor;
  if (exception !== undefined) {
    const details = detailsOf(exception);
    return { kind: 'failed', message: details.ErrorMessage, details };
  }
  if (hasEnded(executor)) return { kind: 'done', output: executor['output'] };
  // Nobody runs and nothing is awaited: `undefined` was thrown, which the SDK does not take for an exception.
  const awaited = fieldsOf(executor['currentTask']);
  const stopped = awaited?.['hasResult'] === true && fieldsOf(awaited['action']) !== undefined;
  return stopped ? { kind: 'failed', message: '', details: detailsOf(undefined) } : { kind: 'waiting' };
}
