import { choiceOf, filled, literal, objectOf, optionsOf, show, unknown, type Value } from './value.ts';

/** The member of a value. What an object lacks is null if it is closed; what a resource does not set is unknown. */
export function memberOf(of: Value, name: string): Value {
  switch (of.kind) {
    case 'choice':
      return choiceOf(of.options.map((option) => memberOf(option, name)));
    case 'object':
      return of.entries.get(name) ?? (of.isOpen ? unknown(`${show(of)}.${name}`) : literal(null));
    case 'resource':
      return memberOfResource(of, name);
    case 'module':
      if (name === 'outputs') return objectOf(of.outputs, true);
      return unknown(`${of.name}.${name}`);
    case 'literal':
      return of.value === null ? of : unknown(`${show(of)}.${name}`);
    case 'array':
    case 'unknown':
      return unknown(`${show(of)}.${name}`);
  }
}

function memberOfResource({ instance }: Extract<Value, { kind: 'resource' }>, name: string): Value {
  if (name !== 'id' && instance.body.kind === 'object') {
    const set = instance.body.entries.get(name);
    // Azure adds to what a template sets, so an object of a resource is open.
    if (set?.kind === 'object') return objectOf(set.entries, true);
    if (set !== undefined) return set;
  }
  const text = `${instance.symbol}.${name}`;
  return name === 'id' ? filled(text) : unknown(text);
}

/** By a path such as `properties.networkAcls.defaultAction`; undefined where nothing is set. */
export function at(value: Value, path: string): Value | undefined {
  let found: Value | undefined = value;
  for (const name of path.split('.')) {
    if (found === undefined || (found.kind === 'literal' && found.value === null)) return undefined;
    if (found.kind === 'object')
      found = found.entries.get(name) ?? (found.isOpen ? unknown(name) : undefined);
    else found = memberOf(found, name);
  }
  return found !== undefined && found.kind === 'literal' && found.value === null ? undefined : found;
}

/** The items of an array that is known; of a choice those of every option; undefined if it cannot be known. */
export function itemsOf(value: Value | undefined): readonly Value[] | undefined {
  if (value === undefined) return [];
  const found: Value[] = [];
  for (const option of optionsOf(value)) {
    if (option.kind !== 'array' || option.isOpen) return undefined;
    found.push(...option.items);
  }
  return found;
}
