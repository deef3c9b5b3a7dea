import { type Refusal, refuse } from '../shared/contracts/refusals.ts';
import { schemaOfFile } from './canonical-update.ts';
import { fetchModel, isModel } from './fetch-model.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { Clock, Coordinator } from './ports.ts';
import { modelFile, type WorkDirectory } from './work-directory.ts';

export type BaseModelAnswer =
  | {
      readonly ok: true;
      /** Undefined where the task makes the first model. */
      readonly path: string | undefined;
      /** Until when the round is open, on the monotonic clock. */
      readonly until: number;
    }
  | { readonly ok: 'over' }
  | Refusal<'base-hash'>;

/**
 * Asks the coordinator whether the round is still open and brings its model here, unless it is here already. Throws
 * when the coordinator or the store cannot be reached; the caller tries again later and what has arrived is kept.
 */
export async function obtainBaseModel(options: {
  entry: JournalEntry;
  work: WorkDirectory;
  coordinator: Coordinator;
  clock: Clock;
  downloading: () => void;
  signal: AbortSignal;
}): Promise<BaseModelAnswer> {
  const { entry, work, coordinator, clock, signal } = options;
  const { base, schema, deadline } = entry.plan;
  if (base === null) {
    // Nothing to download, so nobody to ask: the signed deadline and this machine's clock have to do.
    const left = Date.parse(deadline) - clock.now();
    return { ok: true, path: undefined, until: clock.monotonic() + left };
  }
  const path = modelFile(work, base.sha256);
  const link = await coordinator.modelLink(entry.participation, signal);
  if (link === 'over' || link.secondsLeft <= 0) return { ok: 'over' };
  const until = clock.monotonic() + link.secondsLeft * 1_000;
  if (!(await isModel(path, base))) {
    options.downloading();
    const fetching = { url: link.url, model: base, path, signal };
    // What an earlier try left may be to blame: once more from the beginning.
    const wrong =
      (await fetchModel(fetching)) === 'wrong-bytes' && (await fetchModel(fetching)) === 'wrong-bytes';
    if (wrong) return refuse('base-hash', 'The model that the store delivers is not the one in the plan.');
  }
  if ((await schemaOfFile(path)) !== schema) {
    return refuse('base-hash', "The model's tensors are not those that the plan names.");
  }
  return { ok: true, path, until };
}
