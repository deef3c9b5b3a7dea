import type { OrchestrationContext } from 'durable-functions';
import type * as z from 'zod';
import type { Step } from './activity.ts';

/** What a caller knows of an orchestration. */
export interface Orchestration<Input, Output> {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
}

/** The body of an orchestration: input parsed, output typed. */
export type OrchestrationBody<Input, Output> = (context: OrchestrationContext, input: Input) => Step<Output>;

/** Turns a typed body into what `df.app.orchestration` registers. */
export function handlerOf<Input, Output>(
  description: Orchestration<Input, Output>,
  body: OrchestrationBody<Input, Output>,
): (context: OrchestrationContext) => Step<Output> {
  return function* handle(context) {
    return yield* body(context, description.input.parse(context.df.getInput()));
  };
}

export function* callSubOrchestration<Input, Output>(
  context: OrchestrationContext,
  target: Orchestration<Input, Output>,
  instanceId: string,
  input: Input,
): Step<Output> {
  const result = yield context.df.callSubOrchestrator(target.name, input, instanceId);
  return target.output.parse(result);
}

/** Starts a new generation with a fresh history. Return right after it: what follows would be ignored. */
export function continueAsNew<Input>(context: OrchestrationContext, input: Input): void {
  context.df.continueAsNew(input);
}

/** Shown by `GET /api/experiments/{id}` and by the Durable status API; under 16 KB. */
export function setStatus(context: OrchestrationContext, status: Readonly<Record<string, unknown>>): void {
  context.df.setCustomStatus(status);
}

/** The orchestration's clock, epoch milliseconds: the only time that decides anything. */
export function now(context: OrchestrationContext): number {
  return context.df.currentUtcDateTime.getTime();
}

export function asInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

export function fromInstant(instant: string): number {
  return Date.parse(instant);
}
