import { badRequest } from './failure.ts';
import type { JsonObject, JsonValue } from './sql/values.ts';
import { isObject } from './sql/values.ts';

/** The service's own limit on nesting; below it recursion over values is safe. */
const MAX_DEPTH = 128;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** @throws CosmosFailure 400 for what is not UTF-8, not JSON or nested too deeply. */
export function parseJsonBody(bytes: Uint8Array): JsonValue {
  if (depthOf(bytes) > MAX_DEPTH) throw badRequest(`The request nests deeper than ${MAX_DEPTH} levels.`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as JsonValue;
  } catch {
    throw badRequest('The request body is not valid JSON.');
  }
}

/** @throws CosmosFailure 400 */
export function requireObject(value: JsonValue | undefined, what: string): JsonObject {
  if (!isObject(value)) throw badRequest(`${what} must be a JSON object.`);
  return value;
}

/** Brackets open at once, strings left out: counted before parsing, because parsers recurse. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (OPENING.has(byte)) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (CLOSING.has(byte)) depth -= 1;
  }
  return deepest;
}
