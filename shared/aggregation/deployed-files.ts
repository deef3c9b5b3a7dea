/** Files of the built app that are loaded by name at run time. */
import { existsSync } from 'node:fs';

const WORKER = 'dist/app/aggregation-worker.js';

/**
 * The worker's entry. Looked for upwards of this module, because bundling moves it: its code may lie in the app's
 * bundle, in a chunk that several bundles share, or in the source tree.
 */
export function workerEntry(): URL {
  return foundUpwards(WORKER, new URL('.', import.meta.url));
}

/** A file below `folder`, or below the nearest of those that hold it. */
export function foundUpwards(path: string, folder: URL): URL {
  const file = new URL(path, folder);
  if (existsSync(file)) return file;
  const above = new URL('..', folder);
  if (above.href === folder.href)
    throw new Error(`${path} is not there: build the app first (npm run build).`);
  return foundUpwards(path, above);
}

/** Where the built app keeps strategies of its own. */
export function strategiesFolder(): URL {
  return new URL('strategies/', workerEntry());
}
