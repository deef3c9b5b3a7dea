import { FUNCTIONS, UNAVAILABLE_FUNCTIONS } from './functions.ts';
import { SqlError, SqlUnsupported } from './sql-error.ts';
import type { AggregateName, Expression } from './syntax.ts';

const AGGREGATES: ReadonlySet<string> = new Set<AggregateName>(['AVG', 'COUNT', 'MAX', 'MIN', 'SUM']);

/** Resolves a call by name and number of arguments. @throws SqlError, SqlUnsupported */
export function parseCall(name: string, args: readonly Expression[]): Expression {
  const upper = name.toUpperCase();
  if (isAggregate(upper)) {
    const [argument] = args;
    if (argument === undefined || args.length !== 1) throw wrongCount(upper);
    return { kind: 'aggregate', name: upper, argument };
  }
  const known = FUNCTIONS.get(upper);
  if (known === undefined) {
    if (UNAVAILABLE_FUNCTIONS.has(upper)) throw new SqlUnsupported(`The function ${upper}`);
    throw new SqlError(`'${name}' is not a recognized built-in function name.`);
  }
  if (args.length < known.min || args.length > known.max) throw wrongCount(upper);
  return { kind: 'call', name: upper, args };
}

function isAggregate(name: string): name is AggregateName {
  return AGGREGATES.has(name);
}

function wrongCount(name: string): SqlError {
  return new SqlError(`The ${name} function does not take that number of arguments.`);
}
