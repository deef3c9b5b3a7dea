import { setTimeout as sleep } from 'node:timers/promises';
import type { ExperimentView } from '../shared/contracts/api.ts';
import type { ApiClient } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { interrupted } from './interrupted.ts';

export interface WatchOptions {
  /** Called with every view that was read, changed or not. */
  readonly onUpdate?: (view: ExperimentView) => void;
  /** Stops watching; the experiment goes on. */
  readonly signal?: AbortSignal;
  /** Between two looks, milliseconds. Default 1000. */
  readonly intervalMs?: number;
  /** How long to watch at most, milliseconds. Default without end. */
  readonly limitMs?: number;
  /** How long the API may be away before watching gives up, milliseconds. Default two minutes. */
  readonly patienceMs?: number;
  readonly now?: () => number;
}

const ended = ['completed', 'failed', 'cancelled'];
/** An outage that passes: a deployment, a restart, a lost connection. */
const passing: readonly number[] = [exitCodes.unreachable, exitCodes.timeout];

/**
 * Looks at an experiment until it has ended and answers its last view. Throws {@link CliError}: `timeout` at the limit,
 * `interrupted` when the signal aborts, and what the API answers when it is not a passing outage.
 */
export async function watchExperiment(
  client: Pick<ApiClient, 'showExperiment'>,
  id: string,
  options: WatchOptions = {},
): Promise<ExperimentView> {
  const { onUpdate, signal, intervalMs = 1_000, limitMs, patienceMs = 120_000, now = Date.now } = options;
  const startedAt = now();
  const again = `tributary experiment watch ${id}`;
  let lastSeen = startedAt;
  for (;;) {
    try {
      const view = await client.showExperiment(id);
      lastSeen = now();
      onUpdate?.(view);
      if (ended.includes(view.status)) return view;
    } catch (error) {
      if (!(error instanceof CliError) || !isPassing(error) || now() - lastSeen > patienceMs) throw error;
    }
    if (limitMs !== undefined && now() - startedAt >= limitMs) {
      throw new CliError({
        slug: 'timeout',
        detail: `${id} had not ended after ${limitMs / 1_000} s; it goes on.`,
        exitCode: exitCodes.timeout,
        tryThis: again,
      });
    }
    const left = limitMs === undefined ? intervalMs : Math.max(0, startedAt + limitMs - now());
    try {
      await sleep(Math.min(intervalMs, left), undefined, signal === undefined ? {} : { signal });
    } catch {
      throw interrupted(`${id} goes on without being watched.`, again);
    }
  }
}

function isPassing({ exitCode, slug }: CliError): boolean {
  return passing.includes(exitCode) || slug === 'internal' || slug === 'unexpected-answer';
}
