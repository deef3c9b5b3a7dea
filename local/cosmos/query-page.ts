import { decodeContinuation, encodeContinuation, fingerprint } from './continuation.ts';
import { badRequest } from './failure.ts';
import { requireObject } from './json-body.ts';
import { checkAcrossPartitions } from './sql/check-query.ts';
import { parseQuery } from './sql/parse-query.ts';
import { boundsOf, type Position, type QueryDocument, rowsOf } from './sql/run-query.ts';
import { type JsonValue, memberOf, type SqlValue } from './sql/values.ts';
import { inSqlTerms } from './sql-failure.ts';

export interface QueryText {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, SqlValue>;
}

export interface PageRequest {
  /** -1, 0 or absent: as many as fit. */
  readonly maxItemCount: number | undefined;
  readonly continuation: string | undefined;
  /** What the query runs over besides its text, as container and partition: a token is good for that alone. */
  readonly over: string;
  /** True where the query is not bound to one partition. */
  readonly acrossPartitions: boolean;
  readonly now: number;
}

export interface QueryPage {
  /** JSON texts of the rows. */
  readonly rows: readonly string[];
  readonly continuation: string | undefined;
}

const DEFAULT_ROWS = 1000;
const MAX_PAGE_CHARACTERS = 4 * 1024 * 1024;

/** Reads `{query, parameters: [{name, value}]}`. @throws CosmosFailure 400 */
export function readQueryText(body: JsonValue | undefined): QueryText {
  const fields = requireObject(body, 'The query');
  const text = memberOf(fields, 'query');
  const list = memberOf(fields, 'parameters') ?? [];
  if (typeof text !== 'string' || !Array.isArray(list)) throw badRequest('The query text is missing.');
  const parameters = new Map<string, SqlValue>();
  for (const parameter of list) {
    const name = memberOf(parameter, 'name');
    if (typeof name !== 'string' || !name.startsWith('@'))
      throw badRequest('A query parameter needs a name with @.');
    parameters.set(name, memberOf(parameter, 'value'));
  }
  return { text, parameters };
}

/** @throws CosmosFailure 400, 501 */
export function runQueryPage(
  { text, parameters }: QueryText,
  documents: Iterable<QueryDocument>,
  request: PageRequest,
): QueryPage {
  const owner = fingerprint([
    text,
    [...parameters].map(([name, value]) => [name, value ?? null]),
    request.over,
  ]);
  const resumed =
    request.continuation === undefined ? undefined : decodeContinuation(request.continuation, owner);
  return inSqlTerms(() => {
    const query = parseQuery(text);
    if (request.acrossPartitions) checkAcrossPartitions(query);
    const { skip, most } = boundsOf(query, parameters);
    const rows = rowsOf(query, { documents, parameters, now: request.now, after: resumed?.after });
    return takePage(rows, { owner, skip, most, resumed: resumed?.taken, maxItemCount: request.maxItemCount });
  });
}

function takePage(
  rows: Iterable<{ readonly value: JsonValue; readonly position: Position }>,
  page: {
    readonly owner: string;
    readonly skip: number;
    readonly most: number;
    /** Rows given by earlier pages; OFFSET was consumed by the first. */
    readonly resumed: number | undefined;
    readonly maxItemCount: number | undefined;
  },
): QueryPage {
  const wanted = page.maxItemCount !== undefined && page.maxItemCount > 0 ? page.maxItemCount : DEFAULT_ROWS;
  const texts: string[] = [];
  let toSkip = page.resumed === undefined ? page.skip : 0;
  let taken = page.resumed ?? 0;
  let characters = 0;
  let last: Position | undefined;
  if (taken >= page.most) return { rows: [], continuation: undefined };
  for (const { value, position } of rows) {
    if (toSkip > 0) {
      toSkip -= 1;
      continue;
    }
    if (last !== undefined && (texts.length >= wanted || characters > MAX_PAGE_CHARACTERS)) {
      return { rows: texts, continuation: encodeContinuation({ after: last, taken }, page.owner, page.skip) };
    }
    const text = JSON.stringify(value);
    characters += text.length;
    texts.push(text);
    taken += 1;
    last = position;
    if (taken >= page.most) break;
  }
  return { rows: texts, continuation: undefined };
}
