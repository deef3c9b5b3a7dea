import { createHash } from 'node:crypto';
import { badRequest } from './failure.ts';
import type { Position } from './sql/run-query.ts';
import { isObject, type JsonValue, memberOf, type SqlValue } from './sql/values.ts';

/** Where the next page of a query starts. */
export interface Continuation {
  readonly after: Position;
  /** Rows given so far, OFFSET not counted. */
  readonly taken: number;
}

/** A header must hold it. Sort keys longer than this are replaced by the row's number. */
const MAX_TOKEN = 4096;

/** What a token belongs to: the same query, parameters and partition, or it is refused. */
export function fingerprint(parts: JsonValue): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
}

/** `skipped` is the query's OFFSET. */
export function encodeContinuation({ after, taken }: Continuation, owner: string, skipped: number): string {
  const token = encode(owner, taken, positionFields(after));
  if (token.length <= MAX_TOKEN) return token;
  return encode(owner, taken, { index: skipped + taken - 1 });
}

/** @throws CosmosFailure 400 for what is not a token of this query. */
export function decodeContinuation(token: string, owner: string): Continuation {
  let fields: JsonValue;
  try {
    fields = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as JsonValue;
  } catch {
    throw badRequest('Invalid continuation token.');
  }
  const taken = memberOf(fields, 'taken');
  const after = positionOf(memberOf(fields, 'after'));
  if (memberOf(fields, 'owner') !== owner || !isCount(taken) || after === undefined) {
    throw badRequest('Invalid continuation token: it does not belong to this query.');
  }
  return { after, taken };
}

function encode(owner: string, taken: number, after: JsonValue): string {
  return Buffer.from(JSON.stringify({ owner, taken, after })).toString('base64url');
}

/** An undefined sort key has no JSON form: it is an empty list, any other a list of one. */
function positionFields(after: Position): JsonValue {
  switch (after.kind) {
    case 'index':
      return { index: after.index };
    case 'ordinal':
      return { ordinal: after.ordinal };
    case 'sorted':
      return { ordinal: after.ordinal, keys: after.keys.map((key) => (key === undefined ? [] : [key])) };
  }
}

function positionOf(fields: SqlValue): Position | undefined {
  if (!isObject(fields)) return undefined;
  const [index, ordinal, keys] = ['index', 'ordinal', 'keys'].map((key) => memberOf(fields, key));
  if (isCount(index)) return { kind: 'index', index };
  if (!isCount(ordinal)) return undefined;
  if (keys === undefined) return { kind: 'ordinal', ordinal };
  if (!Array.isArray(keys)) return undefined;
  return { kind: 'sorted', ordinal, keys: keys.map((key) => memberOf(key, 0)) };
}

function isCount(value: SqlValue): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
