import type { OrchestrationContext, RetryOptions, Task } from 'durable-functions';
import type * as z from 'zod';

/** What an orchestration knows of an activity: its name and the shapes that cross the history. */
export interface Activity<Input, Output> {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
}

export function activity<Input, Output>(
  name: string,
  input: z.ZodType<Input>,
  output: z.ZodType<Output>,
): Activity<Input, Output> {
  return { name, input, output };
}

/** A typed part of an orchestration, used with `yield*`. */
export type Step<T> = Generator<Task, T, unknown>;

/**
 * Faults of ours (a throttled store, a restarting service) are retried by the host, bounded by attempts:
 * `retryTimeoutInMilliseconds` would hang (docs/problems/durable-hazard-3.md). Refusals never throw.
 */
const retries = {
  firstRetryIntervalInMilliseconds: 1_000,
  maxNumberOfAttempts: 10,
  backoffCoefficient: 1.7,
  maxRetryIntervalInMilliseconds: 30_000,
} as RetryOptions; // the class's runtime stays out of orchestrations; the SDK reads these fields only

export function* call<Input, Output>(
  context: OrchestrationContext,
  target: Activity<Input, Output>,
  input: Input,
): Step<Output> {
  const result = yield context.df.callActivityWithRetry(target.name, retries, input);
  return target.output.parse(result);
}
