/** A change to the templates' text, described by what it does, so that it follows the templates as they change. */

import { at } from './evaluate/access.ts';
import type { Deployment } from './evaluate/deployment.ts';
import { type Templates, withText } from './evaluate/templates.ts';
import type { Instance, Place } from './evaluate/value.ts';

export type Mutation =
  /** Replaces the value of a property, in the first resource of a type that sets it. */
  | {
      readonly kind: 'set';
      readonly type: string;
      readonly path: string;
      readonly to: string;
      readonly symbol?: string;
    }
  /** Deletes the lines of a property. */
  | { readonly kind: 'remove'; readonly type: string; readonly path: string; readonly symbol?: string }
  /** Deletes a whole resource. */
  | { readonly kind: 'drop'; readonly type: string; readonly symbol?: string }
  /** Adds text at the end of a file. */
  | { readonly kind: 'append'; readonly path: string; readonly text: string }
  /** Replaces text of a file. */
  | { readonly kind: 'replace'; readonly path: string; readonly find: RegExp; readonly by: string };

/** @throws if there is nothing in the templates that the mutation could change. */
export function mutate(
  mutation: Mutation,
  templates: Templates,
  deployments: readonly Deployment[],
): Templates {
  const edited = (path: string, edit: (text: string) => string): Templates => {
    const text = templates.text(path);
    if (text === undefined) throw new Error(`${path} is not there`);
    const changed = edit(text);
    if (changed === text) throw new Error(`nothing to change in ${path}: ${JSON.stringify(mutation)}`);
    return withText(templates, path, changed);
  };
  switch (mutation.kind) {
    case 'append':
      return edited(mutation.path, (text) => `${text}\n${mutation.text}\n`);
    case 'replace':
      return edited(mutation.path, (text) => text.replace(mutation.find, mutation.by));
    case 'drop': {
      const [{ place }] = instancesOf(mutation, deployments);
      return edited(place.path, (text) => text.slice(0, place.start) + text.slice(place.end));
    }
    case 'set': {
      const place = placeOfProperty(mutation, deployments);
      return edited(place.path, (text) => text.slice(0, place.start) + mutation.to + text.slice(place.end));
    }
    case 'remove': {
      const place = placeOfProperty(mutation, deployments);
      return edited(place.path, (text) => withoutLines(text, place));
    }
  }
}

function withoutLines(text: string, { start, end }: Place): string {
  const from = text.lastIndexOf('\n', start - 1);
  const to = text.indexOf('\n', end);
  return text.slice(0, from) + text.slice(to);
}

function instancesOf(
  { type, symbol }: { readonly type: string; readonly symbol?: string },
  deployments: readonly Deployment[],
): [Instance, ...Instance[]] {
  const found = deployments
    .flatMap(({ instances }) => instances)
    .filter(
      (instance) =>
        !instance.existing && instance.type === type && (symbol === undefined || instance.symbol === symbol),
    );
  const [first, ...rest] = found;
  if (first === undefined) throw new Error(`no template deploys ${type} ${symbol ?? ''}`);
  return [first, ...rest];
}

function placeOfProperty(
  mutation: { readonly type: string; readonly path: string; readonly symbol?: string },
  deployments: readonly Deployment[],
): Place {
  for (const instance of instancesOf(mutation, deployments)) {
    const place = at(instance.body, mutation.path)?.place;
    if (place !== undefined) return place;
  }
  throw new Error(`no ${mutation.type} sets ${mutation.path}`);
}
