/** host.json: the settings that this host obeys, and which others Azure knows. Anything else is named in a warning. */
import { type LogLevel, parseLogLevel } from './log.ts';

export interface HostJson {
  readonly routePrefix: string;
  readonly logLevel: LogLevel;
  /** undefined when functions may run for ever. */
  readonly functionTimeoutMilliseconds: number | undefined;
  readonly taskHub: string;
  readonly maxConcurrentActivityFunctions: number;
  readonly maxConcurrentOrchestratorFunctions: number;
  readonly storeInputsInOrchestrationHistory: boolean;
  readonly serviceBus: {
    readonly maxConcurrentCalls: number;
    readonly autoCompleteMessages: boolean;
    readonly maxAutoLockRenewalMilliseconds: number;
  };
}

/** Obeyed here, or without a meaning on one machine; `*` stands for any name, `**` for everything below. */
const known = [
  'version',
  'logging.logLevel.*',
  'logging.applicationInsights.**',
  'logging.console.**',
  'logging.fileLoggingMode',
  'extensionBundle.**',
  'functionTimeout',
  'healthMonitor.**',
  'watchDirectories.**',
  'telemetryMode',
  'managedDependency.**',
  'extensions.http.routePrefix',
  'extensions.http.dynamicThrottlesEnabled',
  'extensions.serviceBus.autoCompleteMessages',
  'extensions.serviceBus.maxConcurrentCalls',
  'extensions.serviceBus.maxAutoLockRenewalDuration',
  'extensions.serviceBus.prefetchCount',
  'extensions.serviceBus.clientRetryOptions.**',
  'extensions.durableTask.hubName',
  'extensions.durableTask.maxConcurrentActivityFunctions',
  'extensions.durableTask.maxConcurrentOrchestratorFunctions',
  'extensions.durableTask.maxConcurrentEntityFunctions',
  'extensions.durableTask.extendedSessionsEnabled',
  'extensions.durableTask.extendedSessionIdleTimeoutInSeconds',
  'extensions.durableTask.storageProvider.**',
  'extensions.durableTask.tracing.**',
  'extensions.durableTask.useGracefulShutdown',
  'extensions.durableTask.storeInputsInOrchestrationHistory',
  'extensions.durableTask.maxQueuePollingInterval',
].map(pattern);

/** Azure knows them and would behave otherwise for them. */
const notObeyed = [
  'singleton.**',
  'aggregator.**',
  'sendCanceledInvocationsToWorker',
  'extensions.http.maxConcurrentRequests',
  'extensions.http.maxOutstandingRequests',
  'extensions.http.hsts.**',
  'extensions.http.customHeaders.**',
  'extensions.serviceBus.transportType',
  'extensions.serviceBus.sessionIdleTimeout',
  'extensions.serviceBus.maxConcurrentSessions',
  'extensions.serviceBus.maxMessageBatchSize',
  'extensions.serviceBus.minMessageBatchSize',
  'extensions.serviceBus.maxBatchWaitTime',
  'extensions.serviceBus.enableCrossEntityTransactions',
  'extensions.durableTask.overridableExistingInstanceStates',
  'extensions.durableTask.defaultVersion',
  'extensions.durableTask.versionMatchStrategy',
  'extensions.durableTask.versionFailureStrategy',
  'extensions.durableTask.notifications.**',
  'extensions.durableTask.maxOrchestrationActions',
].map(pattern);

function pattern(path: string): RegExp {
  const source = path.replaceAll('.', '\\.').replace('\\.**', '(\\..*)?').replace('*', '[^.]+(\\..*)?');
  return new RegExp(`^${source}$`, 'i');
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function* leaves(value: Json, prefix = ''): Generator<[string, unknown]> {
  for (const [name, child] of Object.entries(value)) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (isObject(child) && Object.keys(child).length > 0) yield* leaves(child, path);
    else yield [path, child];
  }
}

/** Milliseconds of a .NET time span `[d.]hh:mm:ss`; undefined for other text. */
export function timeSpan(text: string): number | undefined {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?$/.exec(text);
  if (!match) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000;
}

const overridePrefix = 'AzureFunctionsJobHost__';

/** Reads host.json's content; `AzureFunctionsJobHost__a__b` in the environment stands above `a.b`. */
export function parseHostJson(
  content: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly hostJson: HostJson; readonly warnings: readonly string[] } {
  const flat = new Map<string, unknown>();
  const warnings: string[] = [];
  for (const [path, value] of isObject(content) ? leaves(content) : []) {
    if (notObeyed.some((named) => named.test(path))) {
      warnings.push(`host.json: '${path}' is not obeyed by the embedded host`);
    } else if (!known.some((named) => named.test(path))) {
      warnings.push(`host.json: unknown setting '${path}'`);
    }
    flat.set(path.toLowerCase(), value);
  }
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(overridePrefix) || value === undefined) continue;
    flat.set(name.slice(overridePrefix.length).replaceAll('__', '.').toLowerCase(), value);
  }

  const read = (path: string): unknown => {
    const value = flat.get(path.toLowerCase());
    // %NAME% refers to an app setting.
    return typeof value === 'string'
      ? value.replaceAll(/%([^%]+)%/g, (whole, name: string) => environment[name] ?? whole)
      : value;
  };
  const invalid = (path: string): void => {
    warnings.push(`host.json: '${path}' is not valid; its default applies`);
  };
  function integer(path: string, fallback: number): number {
    const value = read(path);
    if (value === undefined) return fallback;
    const parsed = Number(value);
    if (Number.isInteger(parsed) && parsed >= 1) return parsed;
    invalid(path);
    return fallback;
  }
  function text(path: string, fallback: string): string {
    const value = read(path);
    if (typeof value === 'string') return value;
    if (value !== undefined) invalid(path);
    return fallback;
  }
  function flag(path: string, fallback: boolean): boolean {
    const value = read(path);
    if (value === undefined) return fallback;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    invalid(path);
    return fallback;
  }
  function duration(path: string, fallback: number): number {
    const value = read(path);
    if (value === undefined) return fallback;
    const parsed = typeof value === 'string' ? timeSpan(value) : undefined;
    if (parsed === undefined) invalid(path);
    return parsed ?? fallback;
  }

  const unlimited = String(read('functionTimeout')) === '-1';
  const hostJson: HostJson = {
    functionTimeoutMilliseconds: unlimited ? undefined : duration('functionTimeout', 1_800_000),
    storeInputsInOrchestrationHistory: flag(
      'extensions.durableTask.storeInputsInOrchestrationHistory',
      false,
    ),
    routePrefix: text('extensions.http.routePrefix', 'api'),
    logLevel: parseLogLevel(text('logging.logLevel.default', 'Information')) ?? 'information',
    taskHub: text('extensions.durableTask.hubName', 'LocalHub'),
    maxConcurrentActivityFunctions: integer('extensions.durableTask.maxConcurrentActivityFunctions', 10),
    maxConcurrentOrchestratorFunctions: integer(
      'extensions.durableTask.maxConcurrentOrchestratorFunctions',
      5,
    ),
    serviceBus: {
      maxConcurrentCalls: integer('extensions.serviceBus.maxConcurrentCalls', 16),
      autoCompleteMessages: flag('extensions.serviceBus.autoCompleteMessages', true),
      maxAutoLockRenewalMilliseconds: duration('extensions.serviceBus.maxAutoLockRenewalDuration', 300_000),
    },
  };
  return { hostJson, warnings };
}
