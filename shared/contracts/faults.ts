import * as z from 'zod';
import { didYouMean } from './did-you-mean.ts';

/** One fault in a document that a person wrote. */
export interface Fault {
  /** `roundPolicy.quorum`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
  readonly suggestion?: string;
  readonly unknownField: boolean;
}

/** Every fault of a zod error, with the path of each and a suggestion for names that look mistyped. */
export function faultsOf(error: z.ZodError, shape: z.ZodType): Fault[] {
  return error.issues.flatMap((issue) => faultsOfIssue(issue, shape));
}

function faultsOfIssue(issue: z.core.$ZodIssue, shape: z.ZodType): Fault[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: pathText(issue.path), message: issue.message, unknownField: false }];
  }
  const names = fieldNames(shape, issue.path);
  return issue.keys.map((key) => {
    const suggestion = didYouMean(key, names);
    return {
      path: pathText([...issue.path, key]),
      message: 'there is no such field',
      ...(suggestion === undefined ? {} : { suggestion }),
      unknownField: true,
    };
  });
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

/** Field names that the schema knows at a path, by the JSON Schema that editors get, too. */
function fieldNames(shape: z.ZodType, path: readonly PropertyKey[]): string[] {
  let nodes: unknown[] = [z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' })];
  for (const step of path) {
    nodes = nodes
      .flatMap(alternatives)
      .flatMap((node) => [child(node, String(step))].filter((next) => next !== undefined));
  }
  return nodes.flatMap(alternatives).flatMap((node) => Object.keys(record(record(node)['properties'])));
}

function alternatives(node: unknown): unknown[] {
  const { anyOf, oneOf } = record(node);
  const options = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : undefined;
  return options === undefined ? [node] : options.flatMap(alternatives);
}

function child(node: unknown, step: string): unknown {
  const { properties, items, additionalProperties } = record(node);
  return record(properties)[step] ?? (/^\d+$/.test(step) ? items : additionalProperties);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
