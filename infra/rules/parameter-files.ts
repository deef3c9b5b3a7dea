/** Parameter files: `main.parameters.json` as azd and the Azure CLI read it, and `.bicepparam`. */
import { dirname, join } from 'node:path/posix';
import type { BicepFile } from './bicep/syntax.ts';
import { evaluate } from './evaluate/evaluate.ts';
import type { Templates } from './evaluate/templates.ts';
import { filled, fromJson, known, literal, type Value } from './evaluate/value.ts';

export interface Use {
  readonly path: string;
  readonly template: string;
  readonly given: ReadonlyMap<string, Value>;
}

/** Every parameter file with the template that it is for. */
export function usedBy(templates: Templates): Use[] {
  return templates.paths.flatMap((path) => {
    if (path.endsWith('.parameters.json')) {
      const template = path.replace(/\.parameters\.json$/, '.bicep');
      return [{ path, template, given: fromParametersJson(templates.text(path) ?? '{}') }];
    }
    return path.endsWith('.bicepparam') ? fromBicepparam(path, templates) : [];
  });
}

function fromParametersJson(text: string): Map<string, Value> {
  const file: unknown = JSON.parse(text);
  const root = fromJson(file);
  const all = root.kind === 'object' ? root.entries.get('parameters') : undefined;
  if (all?.kind !== 'object') return new Map();
  return new Map(
    [...all.entries].flatMap(([name, entry]) => {
      const value = entry.kind === 'object' ? entry.entries.get('value') : undefined;
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

function fromBicepparam(path: string, templates: Templates): Use[] {
  const file = templates.file(path);
  const using = file?.declarations.find(({ kind }) => kind === 'using');
  if (file === undefined || using?.kind !== 'using' || using.value?.kind !== 'literal') return [];
  return [
    { path, template: join(dirname(path), String(using.value.value)), given: assigned(file, templates) },
  ];
}

function assigned(file: BicepFile, templates: Templates): Map<string, Value> {
  const values = new Map<string, Value>();
  const scope = {
    path: file.path,
    lookup: (name: string) => values.get(name),
    readText: (path: string) => templates.text(join(dirname(file.path), path)),
  };
  const given = new Map<string, Value>();
  for (const { kind, name, value } of file.declarations.filter(hasValue)) {
    values.set(name, evaluate(value, scope));
    if (kind === 'param') given.set(name, values.get(name) ?? literal(null));
  }
  return given;
}

type Assigned = Extract<BicepFile['declarations'][number], { kind: 'param' | 'var' }>;

function hasValue(
  declaration: BicepFile['declarations'][number],
): declaration is Assigned & { value: NonNullable<Assigned['value']> } {
  return (declaration.kind === 'param' || declaration.kind === 'var') && declaration.value !== undefined;
}
