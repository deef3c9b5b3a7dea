import { badRequest } from './failure.ts';
import { type JsonObject, type JsonValue, memberOf, type SqlValue } from './sql/values.ts';

const MAX_BYTES = 2048;
/** What the wire carries for an item that lacks the property. */
const NONE: JsonValue = {};

/**
 * Reads the partition key header into the text by which a partition is known. Exactly one component is taken: fewer
 * or more must never widen a request to other partitions.
 *
 * @throws CosmosFailure 400
 */
export function partitionFromHeader(header: string): string {
  let components: unknown;
  try {
    components = JSON.parse(header);
  } catch {
    throw badRequest('The partition key header is not valid JSON.');
  }
  if (!Array.isArray(components) || components.length !== 1) {
    throw badRequest(
      'Partition key provided either does not correspond to definition in the container: exactly one value is needed.',
      1001,
    );
  }
  return partitionText(components[0] as JsonValue);
}

/** The partition that an item belongs in by its own content. @throws CosmosFailure 400 */
export function partitionOfItem(item: JsonObject, path: string): string {
  let value: SqlValue = item;
  for (const step of pathSteps(path)) value = memberOf(value, step);
  return partitionText(value === undefined ? NONE : value);
}

function pathSteps(path: string): string[] {
  return path.slice(1).split('/');
}

function partitionText(value: JsonValue): string {
  const none =
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
  if (typeof value === 'object' && value !== null && !none) {
    throw badRequest('A partition key value must be a string, number, boolean or null.');
  }
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw badRequest(`A partition key value exceeds ${MAX_BYTES} bytes.`);
  return text;
}
