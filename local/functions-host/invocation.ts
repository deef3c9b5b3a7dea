import { randomUUID } from 'node:crypto';
import type {
  FunctionsWorker,
  InvocationContext,
  InvocationRequest,
  RegisteredFunction,
} from './core-api.ts';
import type { TypedData } from './typed-data.ts';

export interface Invocation {
  readonly inputData: InvocationRequest['inputData'];
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>;
  /** Replaces the decoded trigger input by an object: how orchestrators get their history in process. */
  readonly directInput?: unknown;
}

export interface Invoked {
  readonly context: unknown;
  /** What the function threw, or what a hook put in its place. */
  readonly error: unknown;
  /** The encoded return value; throws if the value cannot be encoded. */
  response(): Promise<TypedData | null>;
}

interface PostInvocation {
  result: unknown;
  error: unknown;
}

/** Runs one function with its hooks, as the Node worker does. Throws only when the pipeline itself fails. */
export async function invoke(
  worker: FunctionsWorker,
  { metadata, callback }: RegisteredFunction,
  invocation: Invocation,
): Promise<Invoked> {
  const invocationId = randomUUID();
  const coreContext: InvocationContext = {
    invocationId,
    request: {
      invocationId,
      functionId: metadata.name,
      inputData: invocation.inputData,
      triggerMetadata: invocation.triggerMetadata ?? {},
    },
    metadata,
    state: undefined,
    log: (level, category, message) =>
      worker.log(level, `function.${metadata.name}.${category}`, message, { invocationId }),
  };
  const model = await worker.programmingModel().getInvocationModel(coreContext);
  const decoded = await model.getArguments();
  const { context } = decoded;
  const shared = { hookData: {}, appHookData: worker.appHookData, invocationContext: context };

  const before = {
    ...shared,
    functionCallback: callback,
    inputs: 'directInput' in invocation ? [invocation.directInput] : decoded.inputs,
  };
  if (worker.hasHooks('preInvocation')) {
    coreContext.state = 'preInvocationHooks';
    await worker.runHooks('preInvocation', before);
  }

  const after: PostInvocation & { inputs: unknown[] } = {
    ...shared,
    inputs: before.inputs,
    result: null,
    error: null,
  };
  coreContext.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (thrown) {
    after.error = thrown ?? new Error('the function threw nothing');
  }
  if (worker.hasHooks('postInvocation')) {
    coreContext.state = 'postInvocationHooks';
    await worker.runHooks('postInvocation', after);
  }
  coreContext.state = undefined;
  return {
    context,
    error: after.error ?? undefined,
    async response() {
      return (await model.getResponse(context, after.result)).returnValue ?? null;
    },
  };
}
