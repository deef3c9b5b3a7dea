/** The functions of Bicep that can be computed without deploying. Anything else is unknown. */
import { memberOf } from './access.ts';
import {
  arrayOf,
  asText,
  choiceOf,
  filled,
  known,
  literal,
  objectOf,
  optionsOf,
  type Value,
} from './value.ts';

/** Undefined: cannot be known. */
export type Builtin = (args: readonly Value[]) => Value | undefined;

const text = (compute: (...words: string[]) => string | number | boolean): Builtin => {
  return (args) => {
    const words = args.map(known);
    if (words.some((word) => typeof word !== 'string' && typeof word !== 'number')) return undefined;
    return literal(compute(...words.map(String)));
  };
};

/** Computed for each option of the first argument. */
const onFirst = (compute: (first: Value, rest: readonly Value[]) => Value | undefined): Builtin => {
  return ([first, ...rest]) => {
    if (first === undefined) return undefined;
    const results = optionsOf(first).map((option) => compute(option, rest));
    return results.every((result) => result !== undefined) ? choiceOf(results) : undefined;
  };
};

function sizeOf(value: Value): number | undefined {
  if (value.kind === 'array') return value.isOpen ? undefined : value.items.length;
  if (value.kind === 'object') return value.isOpen ? undefined : value.entries.size;
  const content = known(value);
  if (content === null) return 0;
  return typeof content === 'string' ? content.length : undefined;
}

function union(args: readonly Value[]): Value | undefined {
  const alternatives = args.map(optionsOf);
  const varying = alternatives.findIndex((options) => options.length > 1);
  if (varying >= 0) {
    const results = (alternatives[varying] ?? []).map((option) => union(args.with(varying, option)));
    return results.every((result) => result !== undefined) ? choiceOf(results) : undefined;
  }
  if (args.every((arg) => arg.kind === 'object')) {
    return objectOf(
      args.flatMap((arg) => [...arg.entries]),
      args.some((arg) => arg.isOpen),
    );
  }
  if (args.every((arg) => arg.kind === 'array')) {
    return arrayOf(
      args.flatMap((arg) => arg.items),
      args.some((arg) => arg.isOpen),
    );
  }
  return undefined;
}

export const builtins: Readonly<Record<string, Builtin>> = {
  toLower: text((word = '') => word.toLowerCase()),
  toUpper: text((word = '') => word.toUpperCase()),
  trim: text((word = '') => word.trim()),
  replace: text((word = '', from = '', to = '') => word.replaceAll(from, to)),
  startsWith: text((word = '', start = '') => word.toLowerCase().startsWith(start.toLowerCase())),
  endsWith: text((word = '', end = '') => word.toLowerCase().endsWith(end.toLowerCase())),
  substring: text((word = '', from = '0', length) =>
    word.slice(Number(from), length === undefined ? undefined : Number(from) + Number(length)),
  ),
  string: ([value]) => {
    const content = value === undefined ? undefined : known(value);
    return content === undefined || content === null ? undefined : literal(String(content));
  },
  int: text((word = '') => Number(word)),
  bool: text((word = '') => word.toLowerCase() === 'true'),
  any: ([value]) => value,
  union,
  concat: (args) => {
    if (args.every((arg) => typeof known(arg) === 'string')) return literal(args.map(asText).join(''));
    return args.every((arg) => optionsOf(arg).every(({ kind }) => kind === 'array'))
      ? union(args)
      : undefined;
  },
  empty: onFirst((value) => {
    if (value.kind === 'unknown' && value.isFilled === true) return literal(false);
    const size = sizeOf(value);
    return size === undefined ? undefined : literal(size === 0);
  }),
  length: onFirst((value) => {
    const size = sizeOf(value);
    return size === undefined ? undefined : literal(size);
  }),
  contains: onFirst((value, [wanted]) => {
    const word = wanted === undefined ? undefined : known(wanted);
    if (word === undefined) return undefined;
    if (value.kind === 'object' && !value.isOpen) return literal(value.entries.has(String(word)));
    if (value.kind === 'array' && !value.isOpen && value.items.every((item) => known(item) !== undefined)) {
      return literal(value.items.some((item) => known(item) === word));
    }
    const content = known(value);
    return typeof content === 'string' ? literal(content.includes(String(word))) : undefined;
  }),
  first: onFirst((value) => (value.kind === 'array' && !value.isOpen ? value.items[0] : undefined)),
  last: onFirst((value) => (value.kind === 'array' && !value.isOpen ? value.items.at(-1) : undefined)),
  flatten: onFirst((value) =>
    value.kind === 'array' && !value.isOpen
      ? union(value.items.length === 0 ? [value] : value.items)
      : undefined,
  ),
  join: ([list, between]) => {
    const separator = between === undefined ? undefined : known(between);
    if (list?.kind !== 'array' || list.isOpen || separator === undefined) return undefined;
    const words = list.items.map(known);
    return words.every((word) => word !== undefined) ? literal(words.join(String(separator))) : undefined;
  },
  split: ([word, between]) => {
    const [content, separator] = [word, between].map((arg) => (arg === undefined ? undefined : known(arg)));
    if (typeof content !== 'string' || typeof separator !== 'string') return undefined;
    return arrayOf(content.split(separator).map((part) => literal(part)));
  },
  range: ([from, count]) => {
    const [start, size] = [from, count].map((arg) => (arg === undefined ? undefined : known(arg)));
    if (typeof start !== 'number' || typeof size !== 'number') return undefined;
    return arrayOf(Array.from({ length: size }, (_, index) => literal(start + index)));
  },
  items: onFirst((value) =>
    value.kind === 'object' && !value.isOpen
      ? arrayOf(
          [...value.entries].map(([key, entry]) =>
            objectOf([
              ['key', literal(key)],
              ['value', entry],
            ]),
          ),
        )
      : undefined,
  ),
  /** Whoever deploys may set it to anything; a default that is not empty says that it is never empty. */
  readEnvironmentVariable: ([name, otherwise]) => {
    const text = `$${name === undefined ? '' : String(known(name))}`;
    const fallback = otherwise === undefined ? undefined : known(otherwise);
    return fallback === '' ? choiceOf([literal(''), filled(text)]) : filled(text);
  },
  shallowMerge: onFirst((value) =>
    value.kind === 'array' && !value.isOpen ? union(value.items) : undefined,
  ),
  tryGet: ([value, key]) => {
    const name = key === undefined ? undefined : known(key);
    return value === undefined || typeof name !== 'string' ? undefined : memberOf(value, name);
  },
};
