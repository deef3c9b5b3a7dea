/**
 * What `@azure/functions` asks of its worker: the module '@azure/functions-core'. It is not a package; the worker
 * answers the `require` of that name, so this must be installed before the app is loaded. The library keeps what it
 * got, hence one app per process.
 */
import Module from 'node:module';
import type { Log, LogLevel } from './log.ts';
import type { TypedData } from './typed-data.ts';

export interface Binding {
  readonly type: string;
  readonly direction?: string;
  readonly [option: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly functionId?: string;
  readonly bindings: Readonly<Record<string, Binding>>;
}

export type FunctionCallback = (...inputs: unknown[]) => unknown;

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export interface InvocationRequest {
  readonly invocationId: string;
  readonly functionId: string;
  readonly inputData: readonly { readonly name: string; readonly data: TypedData | null }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
}

export interface InvocationContext {
  invocationId: string;
  request: InvocationRequest;
  metadata: FunctionMetadata;
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: LogLevel, category: string, message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ returnValue?: TypedData | null }>;
}

export interface ProgrammingModel {
  getInvocationModel(context: InvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

const hookNames = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'] as const;
export type HookName = (typeof hookNames)[number];
type Hook = (context: unknown) => unknown;

/** The worker half of the host: what the app has registered. */
export interface FunctionsWorker {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  readonly appHookData: Record<string, unknown>;
  programmingModel(): ProgrammingModel;
  runHooks(name: HookName, context: unknown): Promise<void>;
  hasHooks(name: HookName): boolean;
  /** From here on registering a function throws, as in Azure. */
  lock(): void;
  log: Log;
}

class Disposable {
  #dispose: (() => void) | undefined;
  static from(...parts: { dispose(): void }[]): Disposable {
    return new Disposable(() => {
      for (const part of parts) part.dispose();
    });
  }
  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }
  dispose(): void {
    const dispose = this.#dispose;
    this.#dispose = undefined;
    dispose?.();
  }
}

let installed = false;

/** Installs the worker in this process. Throws when there is one already. */
export function installWorker(log: Log): FunctionsWorker {
  if (installed)
    throw new Error('this process has loaded a Functions app already; an app needs its own process');
  installed = true;
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<string, Hook[]>(hookNames.map((name) => [name, []]));
  let model: ProgrammingModel | undefined;
  let locked = false;

  const coreApi = {
    version: '3.12.0',
    hostVersion: '4.1041.0',
    Disposable,
    registerHook(name: string, hook: Hook) {
      const list = hooks.get(name);
      if (list === undefined) throw new RangeError(`Unrecognized hook "${name}"`);
      list.push(hook);
      return new Disposable(() => void list.splice(list.indexOf(hook), 1));
    },
    setProgrammingModel(next: ProgrammingModel) {
      model = next;
    },
    getProgrammingModel: () => model,
    log: (level: LogLevel, category: string, message: string) => log(level, `host.${category}`, message),
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback) {
      if (locked) throw new Error('A function can only be registered during app startup.');
      const id = metadata.functionId ?? metadata.name;
      if (functions.has(id)) throw new Error(`A function with id "${id}" has already been registered.`);
      functions.set(id, { metadata, callback });
      return new Disposable(() => void functions.delete(id));
    },
  };

  const original: typeof Module.prototype.require = Reflect.get(Module.prototype, 'require');
  Module.prototype.require = new Proxy(original, {
    apply: (target, self, args: unknown[]): unknown =>
      args[0] === '@azure/functions-core' ? coreApi : Reflect.apply(target, self, args),
  });

  return {
    functions,
    appHookData: {},
    programmingModel() {
      if (model === undefined) throw new Error('the app has registered no functions');
      return model;
    },
    async runHooks(name, context) {
      for (const hook of hooks.get(name) ?? []) await hook(context);
    },
    hasHooks: (name) => (hooks.get(name)?.length ?? 0) > 0,
    lock() {
      locked = true;
    },
    log,
  };
}

/** The trigger among a function's bindings, with its name. */
export function triggerOf(metadata: FunctionMetadata): { readonly name: string; readonly binding: Binding } {
  for (const [name, binding] of Object.entries(metadata.bindings)) {
    if (/trigger$/i.test(binding.type)) return { name, binding };
  }
  throw new Error(`function '${metadata.name}' has no trigger`);
}
