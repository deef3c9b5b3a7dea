import type { HttpRequest } from '@azure/functions';
import { parseStrictJson } from '../../shared/sealing/canonical-json.ts';
import { problem } from './answers.ts';
import { Refused } from './endpoint.ts';

/** Largest JSON document that the API takes. */
const maxJsonBytes = 1_048_576;

/** The body's bytes; refuses more than `maxBytes` by the declared and by the real length. */
export async function readBytes(request: HttpRequest, maxBytes: number): Promise<Buffer> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  const tooLarge = () =>
    new Refused(problem(413, 'body-too-large', `At most ${maxBytes} bytes are taken here.`));
  if (declared > maxBytes) throw tooLarge();
  const bytes = Buffer.from(await request.arrayBuffer());
  if (bytes.length > maxBytes) throw tooLarge();
  return bytes;
}

/** The body as strict JSON: no duplicate keys, no `__proto__`, bounded depth. */
export async function readJson(request: HttpRequest): Promise<unknown> {
  const bytes = await readBytes(request, maxJsonBytes);
  try {
    return parseStrictJson(bytes.toString('utf8'), { maxDepth: 16, maxBytes: maxJsonBytes });
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it cannot be read';
    throw new Refused(problem(400, 'spec-invalid', `The body is not JSON as we take it: ${why}`));
  }
}
