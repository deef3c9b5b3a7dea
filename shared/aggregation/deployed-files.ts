/** Files of the built app that are loaded by name at run time. */
import { existsSync } from 'node:fs';

const WORKER = 'dist/app/aggregation-worker.js';

/**
 * The worker's entry. Looked for upwards of this module, because bundling moves it: its code may lie in the app's
 * bundle, in a chunk that several bundles share, or in the source tree.
 */
export function workerEntry(): URL {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const entry = new URL(WORKER, folder);
    if (existsSync(entry)) return entry;
    if (folder.pathname === '/' || new URL('..', folder).href === folder.href) break;
  }
  throw new Error(`${WORKER} is not there: build the app first (npm run build).`);
}

/** Where the built app keeps strategies of its own. */
export function strategiesFolder(): URL {
  return new URL('strategies/', workerEntry());
}
