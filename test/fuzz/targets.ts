/**
 * What a stranger's bytes reach first. Each target says what it made of its input: `accepted`, or the slug of a refusal.
 * Anything thrown is a finding, and so is an answer that is neither; so is anything accepted that should not be.
 */
import type { UpdateEncoding } from '../../shared/contracts/encoding.ts';
import { allSlugs } from '../../shared/contracts/refusals.ts';
import { plainReply } from '../../shared/contracts/reply.ts';
import { registration } from '../../shared/contracts/silo.ts';
import { parseStrictJson, StrictJsonError } from '../../shared/contracts/strict-json.ts';
import { checkSpec } from '../../shared/domain/check-spec.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { parseSubmitted } from '../../shared/sealing/check-manifest.ts';
import { encodedSchema } from '../../shared/tensors/encoding/encoded-schema.ts';
import { inspectPlaintext } from '../../shared/tensors/inspect-plaintext.ts';
import { parseSafetensorsHeader, writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { canonicalHeader, schemaDigest } from '../../shared/tensors/schema.ts';
import { travel } from '../tensors/encoding/encodings.ts';

export interface Target {
  /** Where mutation begins. */
  readonly seeds: readonly Buffer[];
  /** Pieces that mean something to the parser. */
  readonly words: readonly string[];
  readonly judge: (input: Buffer) => string;
}

/** Slugs that a text outside of any protocol gets: there is no message to refuse yet. */
const malformed = 'malformed';
const slugs = new Set<string>([...allSlugs, malformed, 'accepted']);

const floats = Buffer.from(Float32Array.from({ length: 8 }, (_, i) => i - 4).buffer);
const model = writeSafetensors([
  { name: 'a.weight', dtype: 'F32', shape: [2, 3], data: floats.subarray(0, 24) },
  { name: 'a.bias', dtype: 'F32', shape: [2], data: floats.subarray(24) },
]);
const parsedModel = parseSafetensorsHeader(model, { totalBytes: model.length });
if (!parsedModel.ok) throw new Error(parsedModel.detail);
const { schema } = parsedModel;

const jsonWords = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  'null',
  'true',
  '-0',
  '1e999',
  '__proto__',
];
const digits43 = 'A'.repeat(43);
const jwkEc = { kty: 'EC', crv: 'P-256', x: digits43, y: digits43 };
const digest = 'a'.repeat(64);
const experiment = 'exp-01hzy0000000000000000000ab';

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function strictly(input: Buffer, use: (value: unknown) => string): string {
  let value: unknown;
  try {
    value = parseStrictJson(input.toString(), { maxDepth: 8, maxBytes: 1 << 20 });
  } catch (error) {
    if (error instanceof StrictJsonError) return malformed;
    throw error;
  }
  return use(value);
}

/** The data of an update in an encoding: judged alike however it is cut, and never admitted beyond the cap. */
function encodedData(encoding: UpdateEncoding): Target {
  const { sent } = travel(schema, model, encoding);
  const header = canonicalHeader(encodedSchema(schema, encoding));
  const judged = (input: Buffer, cut: number): string => {
    const inspection = inspectPlaintext({
      totalBytes: input.length,
      schemaDigest: schemaDigest(encodedSchema(schema, encoding)),
      expectedSchema: schema,
      encoding,
      normCap: 100,
    });
    for (let at = 0; at < input.length; at += cut) inspection.add(input.subarray(at, at + cut));
    const result = inspection.finish();
    if (!result.ok) return result.slug;
    if (!(result.evidence.norm <= 100)) throw new Error(`admitted with norm ${result.evidence.norm}`);
    return 'accepted';
  };
  return {
    seeds: [sent.subarray(header.length)],
    words: ['\0\0', '\x80', '\x7f\x7f', '\xff\xff'],
    judge(input) {
      const plaintext = Buffer.alloc(sent.length);
      header.copy(plaintext);
      input.copy(plaintext, header.length);
      const [whole, cut] = [judged(plaintext, plaintext.length), judged(plaintext, 3)];
      if (whole !== cut) throw new Error(`${whole} as a whole and ${cut} in pieces`);
      return whole;
    },
  };
}

export const targets: Readonly<Record<string, Target>> = {
  'safetensors-header': {
    seeds: [
      model,
      writeSafetensors([]),
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
    ],
    words: [
      ...jsonWords,
      '"F64"',
      '"BOOL"',
      '"shape":',
      '"data_offsets":',
      '__metadata__',
      '[0,0]',
      '9007199254740993',
    ],
    judge(input) {
      const parsed = parseSafetensorsHeader(input, { totalBytes: input.length });
      if (!parsed.ok) return parsed.slug;
      // What was understood must be what the bytes say, whoever reads them next.
      const again = canonicalHeader(parsed.schema);
      const reparsed = parseSafetensorsHeader(again, {
        totalBytes: again.length + input.length - parsed.headerBytes,
      });
      if (!reparsed.ok)
        throw new Error(`the canonical form of an accepted header is refused: ${reparsed.detail}`);
      return 'accepted';
    },
  },
  update: {
    seeds: [model],
    words: jsonWords,
    judge(input) {
      const inspection = inspectPlaintext({
        totalBytes: input.length,
        schemaDigest: schemaDigest(schema),
        expectedSchema: schema,
        normCap: 100,
      });
      for (let at = 0; at < input.length; at += 37) inspection.add(input.subarray(at, at + 37));
      const result = inspection.finish();
      if (!result.ok) return result.slug;
      if (!(result.evidence.norm <= 100)) throw new Error(`admitted with norm ${result.evidence.norm}`);
      if (input.length !== model.length) throw new Error('admitted with another length');
      return 'accepted';
    },
  },
  'update-in-int8': encodedData({ kind: 'int8' }),
  'update-in-top-k': encodedData({ kind: 'top-k', fraction: 0.5 }),
  'submitted-reply': {
    seeds: [
      json({
        kind: 'submitted',
        m: {
          h: {
            v: 1,
            suite: 'RSA-OAEP-256+FLOE-GCM256-256K+ES256',
            exp: experiment,
            round: 1,
            attempt: 1,
            silo: 'north',
            plan: digest,
            base: { ver: 0, sha256: digest },
            schema: digest,
            fmt: 'safetensors',
            len: model.length,
            weight: 10,
            numExamples: 10,
            metrics: { auc: 0.5 },
            kek: { kid: 'https://vault.test/keys/kek/1', jkt: digits43 },
            sig: { kid: 'https://vault.test/keys/sig/1', jkt: digits43 },
            iat: 0,
          },
          wk: 'A'.repeat(512),
          ctLen: model.length + 106,
          ct256: digest,
        },
        sig: 'A'.repeat(86),
      }),
    ],
    words: [...jsonWords, '"weight":', '"metrics":', '1e308', '4294967296', '-1'],
    judge(input) {
      const parsed = parseSubmitted(input);
      if (!parsed.ok) return parsed.slug;
      canonicalJson(parsed.reply.m);
      return 'accepted';
    },
  },
  'plain-reply': {
    seeds: [
      json({
        kind: 'reply',
        body: {
          kind: 'evaluated',
          exp: experiment,
          round: 1,
          attempt: 1,
          silo: 'north',
          plan: digest,
          numExamples: 10,
          metrics: { auc: 0.5 },
        },
        sig: 'A'.repeat(86),
      }),
    ],
    words: [...jsonWords, '"declined"', '"reason":', '"failed"', '1e308'],
    judge: (input) =>
      strictly(input, (value) => {
        const parsed = plainReply.safeParse(value);
        if (!parsed.success) return 'manifest-invalid';
        canonicalJson(parsed.data.body);
        return 'accepted';
      }),
  },
  registration: {
    seeds: [
      json({
        body: {
          silo: 'north',
          displayName: 'North',
          tenantId: '00000000-0000-4000-8000-000000000000',
          objectId: '00000000-0000-4000-8000-000000000001',
          kek: {
            kid: 'https://vault.test/keys/kek/1',
            jkt: digits43,
            jwk: { kty: 'RSA', n: 'A'.repeat(512), e: 'AQAB' },
          },
          sig: { kid: 'https://vault.test/keys/sig/1', jkt: digits43, jwk: jwkEc },
          issuedAt: '2026-01-01T00:00:00.000Z',
        },
        sig: 'A'.repeat(86),
      }),
    ],
    words: [...jsonWords, '"previousSig":', 'https://'],
    judge: (input) =>
      strictly(input, (value) => (registration.safeParse(value).success ? 'accepted' : 'spec-invalid')),
  },
  specification: {
    seeds: [
      json({
        name: 'x',
        silos: ['north', 'south', 'east', 'west', 'mid'],
        rounds: 3,
        strategy: { kind: 'krum', byzantine: 1, clip: { kind: 'fixed', norm: 1 } },
        initialModel: { kind: 'init', silo: 'north' },
        roundPolicy: { quorum: 5, cohort: { fraction: 1 } },
        training: { config: { a: 1 }, weightCap: 5 },
      }),
    ],
    words: [...jsonWords, '"fedbuff"', '"module"', '"trimmed-mean"', '"server":', '"kind":', '1e308', '0.5'],
    judge: (input) =>
      strictly(input, (value) => {
        const checked = checkSpec(value, '2026-01-01T00:00:00.000Z');
        return checked.ok ? 'accepted' : checked.slug;
      }),
  },
};

/** Runs one input; throws where the target throws or answers with something that has no page. */
export function tryInput(target: Target, input: Buffer): string {
  const verdict = target.judge(input);
  if (!slugs.has(verdict)) throw new Error(`the answer ${verdict} is no slug`);
  return verdict;
}
