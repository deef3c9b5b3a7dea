import { badRequest, preconditionFailed, unsupported } from './failure.ts';
import { requireObject } from './json-body.ts';
import { parseCondition } from './sql/parse-query.ts';
import { rowsOf } from './sql/run-query.ts';
import type { Query } from './sql/syntax.ts';
import { isObject, type JsonObject, type JsonValue, memberOf, setMember } from './sql/values.ts';
import { inSqlTerms } from './sql-failure.ts';
import { SYSTEM_PROPERTIES } from './stamp-item.ts';

const MAX_OPERATIONS = 10;
const OPERATORS = ['add', 'set', 'replace', 'remove', 'incr'] as const;

interface PatchStep {
  readonly operator: (typeof OPERATORS)[number];
  readonly path: string;
  readonly steps: readonly string[];
  readonly value: JsonValue | undefined;
}

export interface Patch {
  readonly condition: Query | undefined;
  readonly steps: readonly PatchStep[];
}

/** Reads `[...]` or `{operations, condition}`. @throws CosmosFailure 400, 501 */
export function parsePatch(content: JsonValue | undefined, partitionKeyPath: string): Patch {
  const request = Array.isArray(content) ? { operations: content } : requireObject(content, 'The patch');
  const operations = memberOf(request, 'operations');
  const condition = memberOf(request, 'condition');
  if (!Array.isArray(operations) || operations.length < 1 || operations.length > MAX_OPERATIONS) {
    throw badRequest(`A patch takes between 1 and ${MAX_OPERATIONS} operations.`);
  }
  if (condition !== undefined && typeof condition !== 'string')
    throw badRequest('A patch condition is a text.');
  return {
    condition: condition === undefined ? undefined : inSqlTerms(() => parseCondition(condition)),
    steps: operations.map((operation) => parseStep(operation, partitionKeyPath)),
  };
}

/** The item with the patch applied; `body` itself stays as it is. @throws CosmosFailure 400, 412 */
export function applyPatch(patch: Patch, body: JsonObject, now: number): JsonObject {
  const { condition } = patch;
  if (condition !== undefined) {
    const rows = rowsOf(condition, { documents: [{ ordinal: 0, body }], parameters: new Map(), now });
    if (inSqlTerms(() => rows.next().done) === true) throw preconditionFailed();
  }
  const patched = structuredClone(body);
  for (const step of patch.steps) applyStep(step, patched);
  return patched;
}

function parseStep(operation: JsonValue, partitionKeyPath: string): PatchStep {
  const fields = requireObject(operation, 'A patch operation');
  const [name, path, value] = ['op', 'path', 'value'].map((key) => memberOf(fields, key));
  if (name === 'move') throw unsupported('The patch operation move');
  const operator = OPERATORS.find((known) => known === name);
  if (operator === undefined)
    throw badRequest('A patch operation is one of add, set, replace, remove, incr.');
  if (typeof path !== 'string' || !path.startsWith('/') || path === '/') {
    throw badRequest('A patch path starts with / and names a property.');
  }
  const steps = path
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const first = steps[0] ?? '';
  if (first === 'id' || SYSTEM_PROPERTIES.has(first) || isWithin(partitionKeyPath, path)) {
    throw badRequest(`The patch path ${path.slice(0, 100)} is read-only.`);
  }
  if (operator !== 'remove' && value === undefined) throw badRequest('The patch operation needs a value.');
  if (operator === 'incr' && typeof value !== 'number') throw badRequest('incr takes a number.');
  return { operator, path, steps, value };
}

/** True where a change at `path` could change what is at `protectedPath`. */
function isWithin(protectedPath: string, path: string): boolean {
  return (
    protectedPath === path || protectedPath.startsWith(`${path}/`) || path.startsWith(`${protectedPath}/`)
  );
}

function applyStep({ operator, path, steps, value }: PatchStep, body: JsonObject): void {
  const wrong = (why: string) => badRequest(`Patch ${operator} at ${path.slice(0, 100)}: ${why}.`);
  let parent: JsonValue | undefined = body;
  for (const step of steps.slice(0, -1)) parent = memberOf(parent, keyIn(parent, step));
  const last = steps.at(-1) ?? '';
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : keyIn(parent, last);
    const most = operator === 'add' || operator === 'set' ? parent.length : parent.length - 1;
    if (typeof index !== 'number' || index > most) throw wrong('there is no such element');
    if (operator === 'remove') parent.splice(index, 1);
    else if (operator === 'add' || index === parent.length) parent.splice(index, 0, value ?? null);
    else parent[index] = operator === 'incr' ? increased(parent[index], value, wrong) : (value ?? null);
    return;
  }
  if (!isObject(parent)) throw wrong('the parent does not exist');
  const present = Object.hasOwn(parent, last);
  if (!present && (operator === 'replace' || operator === 'remove')) throw wrong('there is no such property');
  if (operator === 'remove') delete parent[last];
  else if (operator !== 'incr') setMember(parent, last, value ?? null);
  else setMember(parent, last, increased(memberOf(parent, last), value, wrong));
}

function increased(
  present: JsonValue | undefined,
  by: JsonValue | undefined,
  wrong: (why: string) => Error,
): number {
  if (present !== undefined && typeof present !== 'number') throw wrong('the property is not a number');
  const sum = (present ?? 0) + (typeof by === 'number' ? by : 0);
  if (!Number.isFinite(sum)) throw wrong('the sum is not a finite number');
  return sum;
}

function keyIn(parent: JsonValue | undefined, step: string): string | number {
  return Array.isArray(parent) && /^(?:0|[1-9]\d{0,8})$/.test(step) ? Number(step) : step;
}
