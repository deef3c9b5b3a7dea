/**
 * What an expression may come to, as far as it can be known without deploying.
 *
 * 1. A value that only a deployment knows is `unknown` and keeps a text; nothing equals it, so no rule passes by it.
 * 2. Where a condition is not known the value is a `choice`: a rule passes only if every option does.
 */
export type Value = (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, Value>; readonly isOpen: boolean }
  | { readonly kind: 'array'; readonly items: readonly Value[]; readonly isOpen: boolean }
  | { readonly kind: 'choice'; readonly options: readonly Value[] }
  | { readonly kind: 'resource'; readonly instance: Instance }
  | { readonly kind: 'module'; readonly outputs: ReadonlyMap<string, Value>; readonly name: string }
  /** `isFilled`: a text that is not empty, whatever else it is. */
  | { readonly kind: 'unknown'; readonly text: string; readonly isFilled?: boolean }
) & { readonly place?: Place };

/** Where in the templates a value was written. */
export interface Place {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** One resource of a deployment, its properties resolved as far as they can be. */
export interface Instance {
  readonly type: string;
  readonly apiVersion: string | undefined;
  readonly symbol: string;
  readonly existing: boolean;
  /** False where a condition that only a deployment knows may leave it out. */
  readonly isCertain: boolean;
  readonly place: Place;
  readonly typePlace: Place;
  /** Names of the modules that lead to it. */
  readonly modules: readonly string[];
  readonly body: Value;
  readonly parent: Instance | undefined;
}

export const unknown = (text: string, place?: Place): Value => ({
  kind: 'unknown',
  text,
  ...(place && { place }),
});

export function filled(text: string, place?: Place): Value {
  return { kind: 'unknown', text, isFilled: true, ...(place && { place }) };
}

export function literal(value: string | number | boolean | null, place?: Place): Value {
  return { kind: 'literal', value, ...(place && { place }) };
}

export function objectOf(entries: Iterable<readonly [string, Value]>, isOpen = false, place?: Place): Value {
  return { kind: 'object', entries: new Map(entries), isOpen, ...(place && { place }) };
}

export function arrayOf(items: readonly Value[], isOpen = false, place?: Place): Value {
  return { kind: 'array', items, isOpen, ...(place && { place }) };
}

/** A choice between these, flattened; one option alone is itself. */
export function choiceOf(options: readonly Value[], place?: Place): Value {
  const flat = options.flatMap((option) => (option.kind === 'choice' ? option.options : [option]));
  const [first] = flat;
  if (flat.length === 1 && first !== undefined) return first;
  return { kind: 'choice', options: flat, ...(place && { place }) };
}

/** Every value that this one may come to. */
export function optionsOf(value: Value): readonly Value[] {
  return value.kind === 'choice' ? value.options : [value];
}

export function known(value: Value): string | number | boolean | null | undefined {
  return value.kind === 'literal' ? value.value : undefined;
}

/** JSON as a value that is wholly known. */
export function fromJson(json: unknown): Value {
  if (Array.isArray(json)) return arrayOf(json.map((item) => fromJson(item)));
  if (typeof json === 'object' && json !== null) {
    return objectOf(Object.entries(json).map(([key, value]) => [key, fromJson(value)] as const));
  }
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return literal(json);
  return literal(null);
}

/** For messages, and to tell two unknown values apart. */
export function show(value: Value): string {
  switch (value.kind) {
    case 'literal':
      return typeof value.value === 'string' ? `'${value.value}'` : String(value.value);
    case 'object':
      return `{${[...value.entries].map(([key, entry]) => `${key}: ${show(entry)}`).join(', ')}${value.isOpen ? ', …' : ''}}`;
    case 'array':
      return `[${value.items.map(show).join(', ')}${value.isOpen ? ', …' : ''}]`;
    case 'choice':
      return value.options.map(show).join(' or ');
    case 'resource':
      return value.instance.symbol;
    case 'module':
      return value.name;
    case 'unknown':
      return value.text;
  }
}

/** The text of a value within an interpolation: what is not known stands in braces. */
export function asText(value: Value): string {
  return value.kind === 'literal' ? String(value.value) : `{${show(value)}}`;
}
