import type { BicepFile, Expression, Resource } from './syntax.ts';

/** Every expression of a file, outermost first. */
export function* expressionsOf(file: BicepFile): Generator<Expression> {
  for (const declaration of file.declarations) {
    for (const { args } of declaration.decorators) for (const arg of args) yield* within(arg);
    if (declaration.kind === 'resource') yield* ofResource(declaration);
    else if (declaration.kind === 'module') {
      if (declaration.condition !== undefined) yield* within(declaration.condition);
      yield* within(declaration.body);
    } else if (declaration.value !== undefined) yield* within(declaration.value);
  }
}

function* ofResource({ body, condition }: Resource): Generator<Expression> {
  if (condition !== undefined) yield* within(condition);
  yield* within(body);
}

export function* within(expression: Expression): Generator<Expression> {
  yield expression;
  for (const part of partsOf(expression)) yield* within(part);
  if (expression.kind === 'object') for (const child of expression.children) yield* ofResource(child);
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'text':
      return expression.parts.filter((part) => typeof part !== 'string');
    case 'object':
      return expression.entries.flatMap((entry) =>
        entry.kind === 'property' && typeof entry.key !== 'string' ? [entry.key, entry.value] : [entry.value],
      );
    case 'array':
      return expression.items.map(({ value }) => value);
    case 'member':
    case 'nested':
      return [expression.of];
    case 'index':
      return [expression.of, expression.index];
    case 'call':
      return expression.args;
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'conditional':
      return [expression.condition, expression.then, expression.otherwise];
    case 'lambda':
      return [expression.body];
    case 'for':
      return [
        expression.over,
        ...(expression.condition === undefined ? [] : [expression.condition]),
        expression.body,
      ];
  }
}
