/** All resources that a template deploys with given parameters, through all its modules. */
import { dirname, join } from 'node:path/posix';
import type { BicepFile, Declaration, Expression, Module, Parameter, Resource } from '../bicep/syntax.ts';
import { evaluate, type Scope, withNames } from './evaluate.ts';
import type { Templates } from './templates.ts';
import {
  arrayOf,
  choiceOf,
  filled,
  type Instance,
  known,
  literal,
  optionsOf,
  type Place,
  unknown,
  type Value,
} from './value.ts';

export interface Deployment {
  readonly name: string;
  readonly entry: string;
  /** Deployed as the template's own parameters say, nothing else chosen. */
  readonly isDefault: boolean;
  readonly parameters: ReadonlyMap<string, Value>;
  readonly instances: readonly Instance[];
  readonly outputs: ReadonlyMap<string, Value>;
  readonly faults: readonly Fault[];
  /** Templates that take part in it. */
  readonly files: ReadonlySet<string>;
}

/** What does not fit between files: a module that is not there, a parameter that it lacks. */
export interface Fault {
  readonly message: string;
  readonly place: Place;
}

interface Context {
  readonly templates: Templates;
  readonly instances: Instance[];
  readonly faults: Fault[];
  readonly files: Set<string>;
  readonly modules: readonly string[];
  readonly isCertain: boolean;
}

export interface Wanted {
  readonly name: string;
  readonly entry: string;
  readonly isDefault: boolean;
  readonly given: ReadonlyMap<string, Value>;
}

export function expand({ name, entry, isDefault, given }: Wanted, templates: Templates): Deployment {
  const context: Context = {
    templates,
    instances: [],
    faults: [],
    files: new Set(),
    modules: [],
    isCertain: true,
  };
  const place = { path: entry, start: 0, end: 0 };
  const file = templates.file(entry);
  if (file === undefined) {
    return {
      name,
      entry,
      isDefault,
      parameters: new Map(),
      instances: [],
      outputs: new Map(),
      faults: [{ message: `${entry} is not there or does not parse`, place }],
      files: new Set([entry]),
    };
  }
  const { outputs, parameters } = expandFile(file, given, place, context);
  return {
    name,
    entry,
    isDefault,
    parameters,
    instances: context.instances,
    outputs,
    faults: context.faults,
    files: context.files,
  };
}

function expandFile(
  file: BicepFile,
  given: ReadonlyMap<string, Value>,
  caller: Place,
  context: Context,
): { outputs: Map<string, Value>; parameters: Map<string, Value> } {
  context.files.add(file.path);
  // Outputs have names of their own: one may be called as a parameter is.
  const declared = new Map(
    file.declarations
      .filter(({ kind }) => kind !== 'output')
      .map((declaration) => [declaration.name, declaration]),
  );
  const values = new Map<string, Value>();
  const entered = new Set<string>();

  const scope: Scope = {
    path: file.path,
    lookup(name) {
      const found = values.get(name);
      const declaration = declared.get(name);
      if (found !== undefined || declaration === undefined) return found;
      // A name that is needed for itself is known to nobody.
      if (entered.has(name)) return unknown(name);
      entered.add(name);
      const value = valueOf(declaration);
      values.set(name, value);
      return value;
    },
    nested: (of, name) =>
      of.kind === 'resource' ? childNamed(of.instance, name, context.instances) : undefined,
    call(name, args) {
      const declaration = declared.get(name);
      if (declaration?.kind !== 'func') return undefined;
      const names = declaration.parameters.map(
        (parameter, index) => [parameter, args[index] ?? literal(null)] as const,
      );
      return evaluate(declaration.value, withNames(scope, names));
    },
    readText: (path) => context.templates.text(join(dirname(file.path), path)),
  };

  function valueOf(declaration: Declaration): Value {
    switch (declaration.kind) {
      case 'param':
        return parameterValue(declaration, given.get(declaration.name), scope);
      case 'var':
        return evaluate(declaration.value, scope);
      case 'resource':
        return expandResource(declaration, scope, context, undefined);
      case 'module':
        return expandModule(declaration, scope, context);
      case 'output':
      case 'func':
      case 'targetScope':
      case 'metadata':
      case 'using':
      case 'type':
        return unknown(declaration.name);
    }
  }

  for (const name of given.keys()) {
    if (declared.get(name)?.kind !== 'param') {
      context.faults.push({ message: `${file.path} has no parameter ${name}`, place: caller });
    }
  }
  for (const declaration of file.declarations) {
    if (declaration.kind === 'param' && !given.has(declaration.name) && isRequired(declaration)) {
      if (context.modules.length > 0) {
        context.faults.push({
          message: `${file.path} is not given its parameter ${declaration.name}`,
          place: caller,
        });
      }
    }
    if (declaration.kind === 'resource' || declaration.kind === 'module') scope.lookup(declaration.name);
  }
  const outputs = new Map<string, Value>();
  const parameters = new Map<string, Value>();
  for (const declaration of file.declarations) {
    if (declaration.kind === 'output') outputs.set(declaration.name, evaluate(declaration.value, scope));
    if (declaration.kind === 'param') {
      parameters.set(declaration.name, scope.lookup(declaration.name) ?? unknown(declaration.name));
    }
  }
  return { outputs, parameters };
}

function isRequired({ value, type }: Parameter): boolean {
  return value === undefined && type?.text.endsWith('?') !== true;
}

/** What is given, else the default, else any of what is allowed, else unknown. */
function parameterValue(parameter: Parameter, given: Value | undefined, scope: Scope): Value {
  if (given !== undefined) return given;
  if (parameter.value !== undefined) return evaluate(parameter.value, scope);
  const [allowed] = parameter.decorators.find(({ name }) => name === 'allowed')?.args ?? [];
  const list = allowed === undefined ? undefined : evaluate(allowed, scope);
  if (list?.kind === 'array' && list.items.length > 0) return choiceOf(list.items);
  const literals = parameter.type?.literals ?? [];
  if (literals.length > 0) return choiceOf(literals.map((value) => literal(value)));
  if (parameter.type?.text === 'bool') return choiceOf([literal(true), literal(false)]);
  if (parameter.type?.text.endsWith('?') === true) return literal(null);
  return isFilledParameter(parameter) ? filled(parameter.name) : unknown(parameter.name);
}

function isFilledParameter({ decorators, type }: Parameter): boolean {
  const [least] = decorators.find(({ name }) => name === 'minLength')?.args ?? [];
  return type?.text === 'string' && least?.kind === 'literal' && Number(least.value) > 0;
}

/** True, false, or undefined where only a deployment knows. */
function holds(condition: Expression | undefined, scope: Scope): boolean | undefined {
  if (condition === undefined) return true;
  const options = optionsOf(evaluate(condition, scope)).map(known);
  if (options.every((option) => option === true)) return true;
  return options.every((option) => option === false) ? false : undefined;
}

/** One body, or for each item of a loop one, with what it is known by there. */
function bodiesOf(
  body: Expression,
  scope: Scope,
  make: (body: Expression, scope: Scope, isCertain: boolean) => Value,
): Value {
  if (body.kind !== 'for') return make(body, scope, true);
  const over = evaluate(body.over, scope);
  const options = optionsOf(over);
  const isKnown = options.length === 1 && over.kind === 'array' && !over.isOpen;
  const items = options.flatMap((option) => (option.kind === 'array' ? option.items : [unknown(body.item)]));
  const each = over.kind === 'array' && over.isOpen ? [...items, unknown(body.item)] : items;
  const made = each.flatMap((item, index) => {
    const inner = withNames(scope, [
      [body.item, item],
      [body.position, isKnown ? literal(index) : unknown('position')],
    ]);
    const isWanted = holds(body.condition, inner);
    return isWanted === false ? [] : [make(body.body, inner, isKnown && isWanted === true)];
  });
  return arrayOf(made, !isKnown);
}

function expandResource(
  resource: Resource,
  scope: Scope,
  context: Context,
  within: Instance | undefined,
): Value {
  const isWanted = holds(resource.condition, scope);
  if (isWanted === false) return literal(null);
  return bodiesOf(resource.body, scope, (body, inner, isEach) => {
    const value = evaluate(body, inner);
    const parent = value.kind === 'object' ? value.entries.get('parent') : undefined;
    const parents = parent === undefined ? [] : optionsOf(parent);
    const [first] = parents;
    const instance: Instance = {
      type: within === undefined ? resource.type : `${within.type}/${resource.type}`,
      apiVersion: resource.apiVersion ?? within?.apiVersion,
      symbol: resource.name,
      existing: resource.existing,
      isCertain: context.isCertain && isWanted === true && isEach,
      place: { path: inner.path, start: resource.start, end: resource.end },
      typePlace: { path: inner.path, start: resource.typeStart, end: resource.typeStart },
      modules: context.modules,
      body: value,
      parent: within ?? (first?.kind === 'resource' ? first.instance : undefined),
    };
    context.instances.push(instance);
    const children = body.kind === 'object' ? body.children : [];
    for (const child of children) expandResource(child, inner, context, instance);
    return { kind: 'resource', instance };
  });
}

function childNamed(parent: Instance, name: string, instances: readonly Instance[]): Value | undefined {
  const instance = instances.find((other) => other.parent === parent && other.symbol === name);
  return instance === undefined ? undefined : { kind: 'resource', instance };
}

function expandModule(module: Module, scope: Scope, context: Context): Value {
  const isWanted = holds(module.condition, scope);
  if (isWanted === false) return literal(null);
  return bodiesOf(module.body, scope, (body, inner, isEach) => {
    const place = { path: inner.path, start: module.start, end: module.end };
    const path = join(dirname(inner.path), module.path);
    const file = context.templates.file(path);
    const value = evaluate(body, inner);
    const params = value.kind === 'object' ? value.entries.get('params') : undefined;
    const given = params?.kind === 'object' ? params.entries : new Map<string, Value>();
    if (file === undefined) {
      context.faults.push({ message: `${module.path} is not there or does not parse`, place });
      return { kind: 'module', name: module.name, outputs: new Map() };
    }
    const { outputs } = expandFile(file, given, place, {
      ...context,
      modules: [...context.modules, module.name],
      isCertain: context.isCertain && isWanted === true && isEach,
    });
    return { kind: 'module', name: module.name, outputs };
  });
}
