/**
 * Every way in which the templates are deployed: with the parameters beside each, with those of each sandbox, and with
 * each switch turned the other way. A rule has to hold in all of them.
 */
import { dirname, join } from 'node:path/posix';
import type { BicepFile, Parameter } from './bicep/syntax.ts';
import type { Wanted } from './evaluate/deployment.ts';
import { evaluate } from './evaluate/evaluate.ts';
import { type Templates } from './evaluate/templates.ts';
import { arrayOf, filled, fromJson, known, literal, type Value } from './evaluate/value.ts';

export function deploymentsOf(templates: Templates): Wanted[] {
  const entries = entriesOf(templates);
  const sandboxes = templates.paths
    .filter((path) => path.endsWith('.bicepparam'))
    .flatMap((path) => fromParameterFile(path, templates));
  return [
    ...entries.flatMap((entry) => {
      const given = givenBeside(entry, templates);
      return [{ name: entry, entry, given, isDefault: true }, ...switched(entry, given, templates)];
    }),
    ...sandboxes,
  ];
}

/** Templates that are no other's module. */
export function entriesOf(templates: Templates): string[] {
  const files = templates.paths.filter((path) => path.endsWith('.bicep'));
  const called = new Set(
    files.flatMap((path) =>
      (templates.file(path)?.declarations ?? []).flatMap((declaration) =>
        declaration.kind === 'module' ? [join(dirname(path), declaration.path)] : [],
      ),
    ),
  );
  return files.filter((path) => !called.has(path));
}

/** `main.parameters.json` beside the template, as azd and the Azure CLI read it. */
function givenBeside(entry: string, templates: Templates): Map<string, Value> {
  const text = templates.text(entry.replace(/\.bicep$/, '.parameters.json'));
  if (text === undefined) return new Map();
  const file: unknown = JSON.parse(text);
  const parameters = fromJson(file);
  const all = parameters.kind === 'object' ? parameters.entries.get('parameters') : undefined;
  if (all?.kind !== 'object') return new Map();
  return new Map(
    [...all.entries].flatMap(([name, entryValue]) => {
      const value = entryValue.kind === 'object' ? entryValue.entries.get('value') : undefined;
      return value === undefined ? [] : [[name, substituted(value)] as const];
    }),
  );
}

/** azd puts `${NAME}` and `${NAME=default}` in from the environment. */
function substituted(value: Value): Value {
  const text = known(value);
  const match = typeof text === 'string' ? /^\$\{(\w+)(?:=(.*))?\}$/.exec(text) : null;
  if (match === null) return value;
  const [, name = '', otherwise] = match;
  if (otherwise === undefined || otherwise === '') return filled(`$${name}`);
  return otherwise === 'true' || otherwise === 'false' ? literal(otherwise === 'true') : literal(otherwise);
}

function fromParameterFile(path: string, templates: Templates): Wanted[] {
  const file = templates.file(path);
  const using = file?.declarations.find(({ kind }) => kind === 'using');
  if (file === undefined || using?.kind !== 'using' || using.value?.kind !== 'literal') return [];
  const entry = join(dirname(path), String(using.value.value));
  return [{ name: path, entry, given: assigned(file, templates), isDefault: false }];
}

function assigned(file: BicepFile, templates: Templates): Map<string, Value> {
  const given = new Map<string, Value>();
  const scope = {
    path: file.path,
    lookup: (name: string) => given.get(name),
    readText: (path: string) => templates.text(join(dirname(file.path), path)),
  };
  for (const declaration of file.declarations) {
    if ((declaration.kind === 'param' || declaration.kind === 'var') && declaration.value !== undefined) {
      given.set(declaration.name, evaluate(declaration.value, scope));
    }
  }
  const names = new Set(file.declarations.filter(({ kind }) => kind === 'param').map(({ name }) => name));
  return new Map([...given].filter(([name]) => names.has(name)));
}

/** The default deployment with one switch turned; network isolation is tried with and without addresses of silos. */
function switched(entry: string, given: ReadonlyMap<string, Value>, templates: Templates): Wanted[] {
  const parameters = (templates.file(entry)?.declarations ?? []).flatMap((declaration) =>
    declaration.kind === 'param' ? [declaration] : [],
  );
  return parameters.flatMap((parameter) =>
    otherValues(parameter, given.get(parameter.name)).map((value) => ({
      name: `${entry} with ${parameter.name} = ${String(known(value) ?? 'one')}`,
      entry,
      isDefault: false,
      given: new Map([...given, [parameter.name, value]]),
    })),
  );
}

function otherValues({ value, type, decorators }: Parameter, given: Value | undefined): Value[] {
  const isWritten = value?.kind === 'literal' ? value.value : undefined;
  const current = (given === undefined ? undefined : known(given)) ?? isWritten;
  const [allowed] = decorators.find(({ name }) => name === 'allowed')?.args ?? [];
  if (allowed?.kind === 'array') {
    return allowed.items.flatMap(({ value: item }) =>
      item.kind === 'literal' && item.value !== current ? [literal(item.value)] : [],
    );
  }
  if (type?.text === 'bool') return [literal(current !== true)];
  // What zero or an empty list turns off.
  if (type?.text === 'int' && current === 0) return [literal(30)];
  if (value?.kind === 'array' && value.items.length === 0) return [arrayOf([literal('203.0.113.0/24')])];
  return [];
}
