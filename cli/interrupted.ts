import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** A signal that aborts at Ctrl-C or SIGTERM, until `release`. */
export function onInterrupt(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', abort);
      process.off('SIGTERM', abort);
    },
  };
}

export function interrupted(detail: string, tryThis: string): CliError {
  return new CliError({ slug: 'interrupted', detail, exitCode: exitCodes.interrupted, tryThis });
}
