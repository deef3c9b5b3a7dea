/**
 * Judges an update's plaintext as it streams by, holding no more of it than its header. The header must be the
 * canonical one, byte for byte: then this update's bytes line up with the base's and with every other silo's.
 */
import type { UpdateEncoding } from '../contracts/encoding.ts';
import { type Refusal, refuse } from '../contracts/refusals.ts';
import type { TensorSchema } from '../contracts/tensor-schema.ts';
import { checkTensors, type TensorCheck, type TensorFigures } from './check-tensors.ts';
import { checkEncodedTensors } from './encoding/check-encoded.ts';
import { encodedSchema } from './encoding/encoded-schema.ts';
import { type HeaderLimits, headerSize, parseSafetensorsHeader } from './safetensors.ts';
import { canonicalHeader, schemaDigest } from './schema.ts';

/** What was measured in an update that passed. */
export interface UpdateEvidence {
  /** The tensors of the plaintext, as they travelled. */
  readonly schema: TensorSchema;
  /** L2 norm and largest magnitude over all float elements, decoded. */
  readonly norm: number;
  readonly maxAbs: number;
  readonly tensors: readonly TensorFigures[];
}

type TensorRefusal = Refusal<
  'tensor-header' | 'tensor-schema' | 'tensor-encoding' | 'not-finite' | 'norm-cap'
>;

export interface PlaintextInspection {
  add(chunk: Uint8Array): void;
  finish(): { ok: true; evidence: UpdateEvidence } | TensorRefusal;
}

export function inspectPlaintext(options: {
  /** Length of the whole plaintext. */
  totalBytes: number;
  /** Digest of the only schema that is right. */
  schemaDigest: string;
  /** The model's tensors, and how they were encoded for the way; without a model nothing is. */
  expectedSchema?: TensorSchema;
  encoding?: UpdateEncoding;
  /** Largest L2 norm admitted. */
  normCap?: number;
}): PlaintextInspection {
  const { totalBytes, expectedSchema: model, encoding, normCap = Number.MAX_VALUE } = options;
  const expectedSchema = model && encoding ? encodedSchema(model, encoding) : model;
  const limits: HeaderLimits = {
    totalBytes,
    ...(expectedSchema && { expectedTensors: expectedSchema.length }),
  };
  let head = Buffer.alloc(0);
  let schema: TensorSchema = [];
  let data: TensorCheck | undefined;
  let refusal: TensorRefusal | undefined;

  /** Collects the header; once it is whole and right, `data` takes over. Returns the bytes that follow it. */
  function readHead(chunk: Uint8Array): Uint8Array {
    head = Buffer.concat([head, chunk]);
    if (head.length < Math.min(8, totalBytes)) return head.subarray(head.length);
    const size = headerSize(head, limits);
    if (!size.ok) refusal = size;
    if (!size.ok || head.length < size.headerBytes) return head.subarray(head.length);
    const parsed = parseSafetensorsHeader(head, limits);
    refusal = parsed.ok ? judge(parsed.schema, head.subarray(0, parsed.headerBytes)) : parsed;
    if (!parsed.ok || refusal) return head.subarray(head.length);
    const rest = head.subarray(parsed.headerBytes);
    schema = parsed.schema;
    data = model && encoding ? checkEncodedTensors(model, encoding) : checkTensors(schema);
    head = Buffer.alloc(0);
    return rest;
  }

  function judge(found: TensorSchema, header: Buffer): TensorRefusal | undefined {
    if (!header.equals(canonicalHeader(found))) {
      return refuse('tensor-header', 'The header is not the canonical one of its schema.');
    }
    const digest = schemaDigest(found);
    if (digest !== options.schemaDigest || (expectedSchema && digest !== schemaDigest(expectedSchema))) {
      return refuse('tensor-schema', 'The tensors are not those that the manifest and the plan name.');
    }
    return undefined;
  }

  return {
    add(chunk) {
      if (refusal) return;
      const rest = data ? chunk : readHead(chunk);
      if (rest.length > 0) data?.add(rest);
    },
    finish() {
      if (refusal) return refusal;
      if (!data) return refuse('tensor-header', 'The plaintext ends within its header.');
      const { malformed, notFinite, norm, maxAbs, tensors } = data.report();
      if (malformed !== undefined) {
        const name = JSON.stringify(malformed);
        return refuse('tensor-encoding', `Tensor ${name} is not encoded as the plan says.`);
      }
      if (notFinite !== undefined) {
        return refuse('not-finite', `Tensor ${JSON.stringify(notFinite)} holds a NaN or an infinity.`);
      }
      if (!(norm <= normCap))
        return refuse('norm-cap', `The update's norm is ${norm}; at most ${normCap} is admitted.`);
      return { ok: true, evidence: { schema, norm, maxAbs, tensors } };
    },
  };
}
