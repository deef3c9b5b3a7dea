import type { Activity } from '../shared/durable/activity.ts';
import type { Services } from '../shared/ports/services.ts';

/** Writes one warning into the app's log. */
export type Warn = (line: string) => void;

/**
 * What an activity does: one verb, idempotent by its key; it throws only for what deserves another try. Input is parsed at the boundary and the output before it enters the
 * history.
 */
export function implement<Input, Output>(
  description: Activity<Input, Output>,
  run: (input: Input, services: Services, warn: Warn) => Promise<Output>,
): { name: string; run: (input: unknown, services: Services, warn?: Warn) => Promise<Output> } {
  return {
    name: description.name,
    // Outside of the app, as in scripts, warnings go to stderr.
    run: async (input, services, warn = console.warn) =>
      description.output.parse(await run(description.input.parse(input), services, warn)),
  };
}
