/** The syntax tree of a Bicep file. Every node says where it stands, as offsets into the file's text. */

interface Node {
  readonly start: number;
  readonly end: number;
}

export type Expression = Node &
  (
    | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
    | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
    | { readonly kind: 'name'; readonly name: string }
    | {
        readonly kind: 'object';
        readonly entries: readonly ObjectEntry[];
        readonly children: readonly Resource[];
      }
    | { readonly kind: 'array'; readonly items: readonly ArrayItem[] }
    | { readonly kind: 'member'; readonly of: Expression; readonly name: string; readonly optional: boolean }
    | { readonly kind: 'nested'; readonly of: Expression; readonly name: string }
    | {
        readonly kind: 'index';
        readonly of: Expression;
        readonly index: Expression;
        readonly optional: boolean;
      }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
    | { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly operand: Expression }
    | {
        readonly kind: 'binary';
        readonly operator: string;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: 'conditional';
        readonly condition: Expression;
        readonly then: Expression;
        readonly otherwise: Expression;
      }
    | { readonly kind: 'lambda'; readonly parameters: readonly string[]; readonly body: Expression }
    | {
        readonly kind: 'for';
        readonly item: string;
        readonly position: string | undefined;
        readonly over: Expression;
        readonly condition: Expression | undefined;
        readonly body: Expression;
      }
  );

export type ObjectEntry =
  | (Node & { readonly kind: 'property'; readonly key: string | Expression; readonly value: Expression })
  | (Node & { readonly kind: 'spread'; readonly value: Expression });

export type ArrayItem = { readonly kind: 'item' | 'spread'; readonly value: Expression };

export interface Decorator {
  readonly name: string;
  readonly args: readonly Expression[];
}

/** A type, as far as checks need it: its source text and, of a union of literals, these. */
export interface TypeText {
  readonly text: string;
  readonly literals: readonly (string | number | boolean | null)[];
}

interface Declared extends Node {
  readonly name: string;
  readonly decorators: readonly Decorator[];
}

export interface Parameter extends Declared {
  readonly kind: 'param';
  readonly type: TypeText | undefined;
  readonly value: Expression | undefined;
}
export interface Variable extends Declared {
  readonly kind: 'var';
  readonly value: Expression;
}
export interface Output extends Declared {
  readonly kind: 'output';
  readonly type: TypeText;
  readonly value: Expression;
}
export interface Resource extends Declared {
  readonly kind: 'resource';
  /** `Microsoft.Storage/storageAccounts`; of a child within its parent's braces only the last part. */
  readonly type: string;
  readonly apiVersion: string | undefined;
  readonly typeStart: number;
  readonly existing: boolean;
  /** An object, or a loop or condition around one. */
  readonly body: Expression;
  readonly condition: Expression | undefined;
}
export interface Module extends Declared {
  readonly kind: 'module';
  readonly path: string;
  readonly body: Expression;
  readonly condition: Expression | undefined;
}
export interface UserFunction extends Declared {
  readonly kind: 'func';
  readonly parameters: readonly string[];
  readonly value: Expression;
}
/** `targetScope`, `metadata`, `using`, `type`: what is named and its value, where it has one. */
export interface Other extends Declared {
  readonly kind: 'targetScope' | 'metadata' | 'using' | 'type';
  readonly value: Expression | undefined;
  readonly type: TypeText | undefined;
}

export type Declaration = Parameter | Variable | Output | Resource | Module | UserFunction | Other;

export interface BicepFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly source: string;
  readonly declarations: readonly Declaration[];
}

/** Line and column of an offset, both from 1. */
export function placeOf(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
