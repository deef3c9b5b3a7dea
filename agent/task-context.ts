import type { BackoffLimits } from './backoff.ts';
import type { SiloConfig } from './config.ts';
import type { Journal } from './journal.ts';
import type { Log } from './log.ts';
import type { World } from './ports.ts';
import type { Progress } from './progress.ts';
import type { WorkDirectory } from './work-directory.ts';

/** What working on tasks takes. */
export interface TaskContext {
  readonly config: SiloConfig;
  readonly work: WorkDirectory;
  readonly journal: Journal;
  readonly world: World;
  readonly progress: Progress;
  readonly log: Log;
  /** Pauses after a step that could not be done. */
  readonly backoff: BackoffLimits;
  /** Pauses after training code asked to be run later. */
  readonly retryLater: BackoffLimits;
}
