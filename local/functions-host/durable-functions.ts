/** Joins the durable engine to the app's functions: which are durable, how they are invoked, who gets a client. */
import { type ClientAddresses, clientBinding } from '../durable/client-binding.ts';
import type { DurableFunctionKind, DurableOptions } from '../durable/engine.ts';
import { isLarge } from '../durable/payload.ts';
import { type FunctionsWorker, type RegisteredFunction, triggerOf } from './core-api.ts';
import { type Invocation, invoke } from './invocation.ts';
import { toJsonText } from './typed-data.ts';

const kinds: Readonly<Record<string, DurableFunctionKind>> = {
  orchestrationTrigger: 'orchestrator',
  activityTrigger: 'activity',
  entityTrigger: 'entity',
};

export function durableFunctions(
  functions: ReadonlyMap<string, RegisteredFunction>,
): Map<string, DurableFunctionKind> {
  const found = new Map<string, DurableFunctionKind>();
  for (const [name, { metadata }] of functions) {
    const kind = kinds[triggerOf(metadata).binding.type];
    if (kind) found.set(name, kind);
  }
  return found;
}

function registered(worker: FunctionsWorker, name: string): RegisteredFunction {
  const fn = worker.functions.get(name);
  if (fn === undefined) throw new Error(`there is no function '${name}'`);
  return fn;
}

export function durableInvokers(
  worker: FunctionsWorker,
  run: (name: string, work: () => Promise<unknown>) => Promise<unknown>,
): DurableOptions['invoke'] {
  const warnLarge = (name: string, what: string, text: string | null): void => {
    if (!isLarge(text)) return;
    worker.log('warning', `function.${name}`, `the ${what} is larger than 45 KB; pass a reference instead`);
  };
  return {
    async orchestrator(name, trigger) {
      const { context, error } = await invoke(worker, registered(worker, name), {
        inputData: [],
        directInput: trigger,
      });
      // An app whose hooks look at invocations sees one per episode, as on Azure.
      const mayGoOn = !worker.hasHooks('preInvocation') && !worker.hasHooks('postInvocation');
      return { context, mayGoOn, ...(error === undefined ? {} : { error }) };
    },
    async activity(name, input, instanceId) {
      const fn = registered(worker, name);
      warnLarge(name, 'input', input);
      const result = await run(name, async () => {
        const invoked = await invoke(worker, fn, {
          inputData: [{ name: triggerOf(fn.metadata).name, data: input === null ? null : { string: input } }],
          triggerMetadata: { instanceId: { string: instanceId } },
        });
        if (invoked.error !== undefined) throw invoked.error;
        return toJsonText(await invoked.response());
      });
      const text = typeof result === 'string' ? result : null;
      warnLarge(name, 'output', text);
      return text;
    },
  };
}

/** Adds the `durableClient` inputs that a function has asked for. */
export function withClient(
  fn: RegisteredFunction,
  invocation: Invocation,
  addresses: ClientAddresses,
): Invocation {
  const clients = Object.entries(fn.metadata.bindings).filter(
    ([, binding]) => binding.direction === 'in' && /^(durable|orchestration)Client$/i.test(binding.type),
  );
  if (clients.length === 0) return invocation;
  const data = { string: JSON.stringify(clientBinding(addresses)) };
  return {
    ...invocation,
    inputData: [...invocation.inputData, ...clients.map(([name]) => ({ name, data }))],
  };
}
