import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FunctionsWorker } from './core-api.ts';

export interface AppLocation {
  /** Holds host.json and package.json. */
  readonly directory: string;
  readonly entry: string;
}

/** Finds an app by its directory (package.json "main") or by its entry file (the nearest package.json above it). */
export function locateApp(appEntry: string): AppLocation {
  const path = resolve(appEntry);
  if (!existsSync(path)) throw new Error(`there is no Functions app at ${path}`);
  if (!statSync(path).isDirectory()) return { directory: packageDirectory(dirname(path)), entry: path };
  const manifest = join(path, 'package.json');
  if (!existsSync(manifest)) throw new Error(`${path} has no package.json, so it names no entry`);
  const { main } = JSON.parse(readFileSync(manifest, 'utf8')) as { main?: unknown };
  if (typeof main !== 'string') throw new Error(`${manifest} has no "main"`);
  const entry = join(path, main);
  if (!existsSync(entry))
    throw new Error(`${entry}, the "main" of ${manifest}, does not exist; build the app first`);
  return { directory: path, entry };
}

function packageDirectory(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, 'host.json')) || existsSync(join(directory, 'package.json')))
      return directory;
    if (dirname(directory) === directory) return from;
  }
}

/** Runs the app's entry, its appStart hooks, and closes registration. */
export async function loadApp(worker: FunctionsWorker, location: AppLocation): Promise<void> {
  await import(pathToFileURL(location.entry).href);
  await worker.runHooks('appStart', {
    hookData: {},
    appHookData: worker.appHookData,
    functionAppDirectory: location.directory,
  });
  worker.lock();
  const capabilities = {
    RawHttpBodyBytes: 'true',
    RpcHttpTriggerMetadataRemoved: 'true',
    RpcHttpBodyOnly: 'true',
    IgnoreEmptyValuedRpcHttpHeaders: 'true',
    UseNullableValueDictionaryForHttp: 'true',
    WorkerStatus: 'true',
    TypedDataCollection: 'true',
    HandlesWorkerTerminateMessage: 'true',
  };
  const agreed = await worker.programmingModel().getCapabilities?.(capabilities);
  if (agreed?.['HttpUri'] !== undefined) {
    // The library's stream proxy listens on all interfaces without authentication.
    throw new Error(
      'app.setup({ enableHttpStream: true }) is not supported by the embedded host: HTTP streams',
    );
  }
}
