/**
 * The embedded Functions host: loads an app with the official packages and serves its HTTP, Service Bus, timer and
 * durable functions from one process. One app per process.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startHttpService } from '../core/http-service.ts';
import type { ClientAddresses } from '../durable/client-binding.ts';
import { type Clock, systemClock } from '../durable/clock.ts';
import { type DurableEngine, startDurable } from '../durable/engine.ts';
import { everyHazard, type StrictOptions } from '../durable/strict.ts';
import { adminEndpoints } from './admin.ts';
import { loadApp, locateApp } from './app-loader.ts';
import { installWorker } from './core-api.ts';
import { durableFunctions, durableInvokers, withClient } from './durable-functions.ts';
import { durableEndpoints, rpcPath } from './durable-http.ts';
import { withFunctionTimeout } from './function-timeout.ts';
import { writeEmpty } from './http-message.ts';
import { httpTrigger } from './http-trigger.ts';
import { invoke } from './invocation.ts';
import { loadKeys } from './keys.ts';
import { createLog, parseLogLevel } from './log.ts';
import { runningInvocations } from './running-invocations.ts';
import { startServiceBusTriggers } from './service-bus-trigger.ts';
import { loadSettings } from './settings.ts';
import { testControl } from './test-control.ts';
import { startTimerTriggers } from './timer-trigger.ts';

export interface FunctionsHostOptions {
  /** The app's directory (package.json "main") or its entry file. */
  readonly appEntry: string;
  /** Holds the task hub, timers and keys; one host at a time. */
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** App settings that stand above the environment and local.settings.json. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: local.settings.json beside the app. */
  readonly settingsFile?: string;
  /** See strict.ts. Default: the setting EmbeddedHost__Strict, else true. */
  readonly strict?: boolean | StrictOptions;
  readonly clock?: Clock;
}

export interface FunctionsHost {
  readonly port: number;
  readonly origin: string;
  readonly durable: DurableEngine;
  /** Accepts nothing more, lets running invocations end for up to five seconds, closes everything. */
  close(): Promise<void>;
}

const graceMilliseconds = 5_000;
const settleMilliseconds = 500;
const defaultBodyLimit = 100 * 1024 * 1024;

function strictFrom(settings: Readonly<Record<string, string>>): boolean | StrictOptions {
  if (settings['EmbeddedHost__Strict']?.toLowerCase() === 'false') return false;
  const wakeUps = settings['EmbeddedHost__WakeUpEvents']?.split(',').map((name) => name.trim());
  return { hazards: everyHazard, ...(wakeUps ? { wakeUpEvents: wakeUps } : {}) };
}

/** Resolves when the host serves. Rejects when the app cannot be loaded or asks for what is not supported. */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const location = locateApp(options.appEntry);
  const { hostJson, values, warnings } = loadSettings({
    appDirectory: location.directory,
    environment: process.env,
    ...(options.settingsFile ? { settingsFile: options.settingsFile } : {}),
    ...(options.settings ? { overrides: options.settings } : {}),
  });
  const baseClock = options.clock ?? systemClock;
  const control = testControl(values['EmbeddedHost__Faults'], baseClock);
  const clock = control?.clock ?? baseClock;
  const passing = control ? { pass: control.pass } : {};
  const startedAt = clock.now();
  const log = createLog({
    level: parseLogLevel(values['EmbeddedHost__LogLevel']) ?? hostJson.logLevel,
    json: values['EmbeddedHost__LogFormat'] === 'json',
    now: () => clock.now(),
  });
  for (const warning of warnings) log('warning', 'host', warning);
  Object.assign(process.env, values); // apps read their settings there
  const keys = await loadKeys(options.dataDir);
  const worker = installWorker(log);
  await loadApp(worker, location);

  const running = runningInvocations();
  /** Every invocation but those of orchestrators, which cannot be interrupted. */
  const invokeTimed = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    running.track(() => withFunctionTimeout(name, hostJson.functionTimeoutMilliseconds, clock, work));
  let serve: ((...args: Parameters<Handler>) => Promise<void>) | undefined;
  const service = await startHttpService({
    port: options.port,
    report: (error) =>
      log('error', 'host.http', error instanceof Error ? (error.stack ?? error.name) : 'failed'),
    async handle(request, response) {
      if (serve === undefined) {
        writeEmpty(response, 503, { connection: 'close', 'retry-after': '1' });
        return;
      }
      const url = requestUrl(request.url, origin);
      if (url === undefined) writeEmpty(response, 400);
      else await serve(request, response, url);
    },
  });
  const origin = `http://127.0.0.1:${service.port}`;
  // Otherwise the SDK's client rewrites its addresses to http://localhost:7071.
  process.env['WEBSITE_HOSTNAME'] = `127.0.0.1:${service.port}`;

  const addresses: ClientAddresses = {
    origin,
    taskHub: hostJson.taskHub,
    key: keys.durable,
    rpcBaseUrl: origin + rpcPath(randomBytes(24).toString('base64url')),
  };
  const durable = startDurable({
    dataDir: join(options.dataDir, 'durable'),
    functions: durableFunctions(worker.functions),
    invoke: durableInvokers(worker, invokeTimed),
    clock,
    ...passing,
    storeInputsInHistory: hostJson.storeInputsInOrchestrationHistory,
    strict: options.strict ?? strictFrom(values),
    limits: {
      maxConcurrentActivityFunctions: hostJson.maxConcurrentActivityFunctions,
      maxConcurrentOrchestratorFunctions: hostJson.maxConcurrentOrchestratorFunctions,
    },
    warn: (instanceId, message) => log('warning', 'durable', message, { instanceId }),
  });

  const functions = [...worker.functions.values()];
  const invokeTracked: Parameters<typeof httpTrigger>[0]['invoke'] = (fn, invocation) =>
    invokeTimed(fn.metadata.name, () => invoke(worker, fn, withClient(fn, invocation, addresses)));
  const timers = await startTimerTriggers({
    functions,
    directory: join(options.dataDir, 'timers'),
    settings: values,
    clock,
    log,
    invoke: invokeTracked,
    ...passing,
  });
  const maxBodyBytes = bodyLimit(values['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT']);
  const http = httpTrigger({
    functions,
    routePrefix: hostJson.routePrefix,
    keys,
    maxBodyBytes,
    log,
    invoke: invokeTracked,
  });
  const durableApi = durableEndpoints(durable, addresses, keys, maxBodyBytes);
  const admin = adminEndpoints({
    keys,
    functions: worker.functions,
    timers,
    startedAt,
    now: () => clock.now(),
    running: () => running.count,
    testControl: control,
  });
  const serviceBus = await startServiceBusTriggers({
    functions,
    settings: values,
    hostJson: hostJson.serviceBus,
    clock: baseClock, // the broker's locks are not of the time that tests move
    random: Math.random,
    log,
    invoke: invokeTracked,
    ...passing,
    async connect(connection, entity) {
      // Loaded only by apps that have such a trigger: the packages take a third of the start time.
      const { openQueueReceiver, serviceBusClient } = await import('./service-bus-connection.ts');
      const connectClient = serviceBusClient(connection, values);
      return openQueueReceiver(connectClient, entity, baseClock);
    },
  });

  let draining = false;
  serve = async (request, response, url) => {
    // Functions that still run may need their durable client, so it is served to the end.
    if (await durableApi(request, response, url)) return;
    if (draining) writeEmpty(response, 503, { connection: 'close', 'retry-after': '1' });
    else if (url.pathname.startsWith('/admin/')) await admin(request, response, url);
    else await http(request, response, url);
  };
  log('information', 'host', `serving ${functions.length} functions`, { port: service.port });

  let closing: Promise<void> | undefined;
  async function shut(): Promise<void> {
    draining = true;
    timers.close();
    durable.stop();
    await Promise.all([running.idle(graceMilliseconds), serviceBus.close(graceMilliseconds)]);
    serve = undefined;
    await durable.close(settleMilliseconds);
    await service.close();
    await worker.runHooks('appTerminate', { hookData: {}, appHookData: worker.appHookData });
  }
  return {
    port: service.port,
    origin,
    durable,
    close() {
      closing ??= shut();
      return closing;
    },
  };
}

type Handler = ReturnType<typeof httpTrigger>;

function bodyLimit(setting: string | undefined): number {
  if (setting === undefined) return defaultBodyLimit;
  const bytes = Number(setting);
  if (!Number.isInteger(bytes) || bytes < 0) {
    throw new Error('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is not a number of bytes');
  }
  return bytes;
}

/** undefined for a request target that is no path. */
function requestUrl(target: string | undefined, origin: string): URL | undefined {
  if (!target?.startsWith('/')) return undefined;
  try {
    return new URL(origin + target);
  } catch {
    return undefined;
  }
}
