/**
 * Every way in which the templates are deployed: with the parameters beside each, with those of each sandbox, and with
 * each switch turned the other way. A rule has to hold in all of them.
 */
import { dirname, join } from 'node:path/posix';
import type { Parameter } from './bicep/syntax.ts';
import type { Wanted } from './evaluate/deployment.ts';
import type { Templates } from './evaluate/templates.ts';
import { arrayOf, known, literal, type Value } from './evaluate/value.ts';
import { usedBy } from './parameter-files.ts';

export function deploymentsOf(templates: Templates): Wanted[] {
  const uses = usedBy(templates);
  const sandboxes = uses
    .filter(({ path }) => path.endsWith('.bicepparam'))
    .map(({ path, template, given }) => ({ name: path, entry: template, given, isDefault: false }));
  return [
    ...entriesOf(templates).flatMap((entry) => {
      const beside = uses.find(({ path }) => path === entry.replace(/\.bicep$/, '.parameters.json'));
      const given = beside?.given ?? new Map<string, Value>();
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
