/** Rules of the form: every resource of a type has this property, and each value that it may take is right. */
import { at } from './evaluate/access.ts';
import type { Deployment } from './evaluate/deployment.ts';
import { type Instance, known, optionsOf, show, type Value } from './evaluate/value.ts';
import type { Mutation } from './mutation.ts';
import type { Finding, Rule } from './rule.ts';

export interface Expectation {
  /** `to be false`. */
  readonly wanted: string;
  readonly holds: (value: Value) => boolean;
  /** A value, as Bicep, for which it does not hold. */
  readonly wrong: string;
}

type Scalar = string | number | boolean;
const written = (value: Scalar): string => (typeof value === 'string' ? `'${value}'` : String(value));

export function equals(value: Scalar, wrong: Scalar): Expectation {
  return {
    wanted: `to be ${written(value)}`,
    holds: (found) => known(found) === value,
    wrong: written(wrong),
  };
}

export function oneOf(values: readonly Scalar[], wrong: Scalar): Expectation {
  return {
    wanted: `to be ${values.map(written).join(' or ')}`,
    holds: (found) => values.some((value) => value === known(found)),
    wrong: written(wrong),
  };
}

export function atLeast(least: number, wrong: number): Expectation {
  return {
    wanted: `to be at least ${least}`,
    holds: (found) => {
      const value = known(found);
      return typeof value === 'number' && value >= least;
    },
    wrong: String(wrong),
  };
}

/** Exactly these items, in any order. */
export function exactly(items: readonly string[], wrong: string): Expectation {
  return {
    wanted: `to be exactly ${items.join(', ') || 'empty'}`,
    holds: (found) => {
      if (found.kind !== 'array' || found.isOpen) return false;
      const values = found.items.map(known).map(String);
      return values.length === items.length && items.every((item) => values.includes(item));
    },
    wrong,
  };
}

/** A text that is not empty, whether or not it is known which. */
export function set(wrong = "''"): Expectation {
  return {
    wanted: 'to be set',
    holds: (found) => {
      const value = known(found);
      if (found.kind === 'array') return found.items.length > 0;
      return value === undefined ? true : value !== null && value !== '';
    },
    wrong,
  };
}

export interface PropertyRule {
  readonly id: string;
  readonly checklist: string;
  readonly title: string;
  readonly fix: string;
  readonly type: string;
  readonly path: string;
  readonly expect: Expectation;
  /** Which resources of the type it is about; all, if not said. */
  readonly where?: (instance: Instance, deployment: Deployment) => boolean;
  /** Whether leaving the property out is right as well. */
  readonly isOptional?: boolean;
  /** Symbol of the resource to break, where not every resource of the type is a subject. */
  readonly symbol?: string;
  /** In place of those that follow from the expectation. */
  readonly mutations?: readonly Mutation[];
}

export function propertyRule(rule: PropertyRule): Rule {
  const { id, checklist, title, fix, type, path, expect, symbol } = rule;
  const target = { type, path, ...(symbol === undefined ? {} : { symbol }) };
  const mutations: readonly Mutation[] = rule.mutations ?? [
    { kind: 'set', ...target, to: expect.wrong },
    ...(rule.isOptional === true ? [] : [{ kind: 'remove' as const, ...target }]),
  ];
  return {
    id,
    checklist,
    title,
    fix,
    mutations,
    check({ deployment }) {
      const subjects = deployed(deployment, type).filter(
        (instance) => rule.where?.(instance, deployment) ?? true,
      );
      return { subjects: subjects.length, findings: subjects.flatMap((instance) => faultOf(rule, instance)) };
    },
  };
}

function faultOf({ path, expect, isOptional }: PropertyRule, instance: Instance): Finding[] {
  const value = at(instance.body, path);
  if (value === undefined) {
    if (isOptional === true) return [];
    return [{ place: instance.place, message: `${path} is not set; it has ${expect.wanted}` }];
  }
  const wrong = optionsOf(value).filter((option) => !expect.holds(option));
  if (wrong.length === 0) return [];
  const place = value.place ?? instance.place;
  return [{ place, message: `${path} may be ${wrong.map(show).join(' or ')}; it has ${expect.wanted}` }];
}

/** Resources of a type that the deployment makes. */
export function deployed(deployment: Deployment, type: string): Instance[] {
  return deployment.instances.filter((instance) => !instance.existing && instance.type === type);
}

/** What a resource is called, as text; undefined if only a deployment knows. */
export function nameOf(instance: Instance): string | undefined {
  const name = at(instance.body, 'name');
  const value = name === undefined ? undefined : known(name);
  return typeof value === 'string' ? value : undefined;
}
