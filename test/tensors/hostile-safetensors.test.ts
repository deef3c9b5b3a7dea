/** Seeded mutations of an update's plaintext: each is refused with a slug, or is the update that it was. */
import { expect, it } from 'vitest';
import { inspectPlaintext } from '../../shared/tensors/inspect-plaintext.ts';
import { parseSafetensorsHeader, writeSafetensors } from '../../shared/tensors/safetensors.ts';
import { schemaDigest } from '../../shared/tensors/schema.ts';
import { below, randomBuffer, seeded } from '../sealing/seeded.ts';

const data = Buffer.from(Float32Array.from({ length: 10 }, (_, i) => i - 5).buffer);
const original = writeSafetensors([
  { name: 'conv.weight', dtype: 'F32', shape: [2, 3], data: data.subarray(0, 24) },
  { name: 'conv.bias', dtype: 'F32', shape: [2], data: data.subarray(24, 32) },
  { name: 'steps', dtype: 'I64', shape: [], data: data.subarray(32, 40) },
]);
const headerBytes = original.length - data.length;
const parsed = parseSafetensorsHeader(original, { totalBytes: original.length });
if (!parsed.ok) throw new Error(parsed.detail);
const { schema } = parsed;
const digest = schemaDigest(schema);

const snippets = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\\ud800',
  '__proto__',
  '__metadata__',
  '{"a":1}',
  'null',
  'true',
  '-1',
  '1e9',
  '9007199254740993',
  '18446744073709551616',
  '0.5',
  '"F64"',
  '"BOOL"',
  '"F8_E5M2"',
  '[0,0]',
  '[]',
  ' ',
  '\0',
  '"conv.bias":',
  '"shape":[2],',
  '"data_offsets":[0,24],',
];

function mutate(random: () => number): Buffer {
  let bytes = Buffer.from(original);
  const rounds = 1 + below(random, 3);
  for (let i = 0; i < rounds; i++) {
    const at = below(random, headerBytes);
    const put = Buffer.from(snippets[below(random, snippets.length)] ?? '');
    switch (below(random, 7)) {
      case 0:
        bytes[at] = below(random, 256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
        break;
      case 2:
        put.copy(bytes, at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 20))]);
        break;
      case 5:
        bytes = bytes.subarray(0, below(random, bytes.length + 1));
        break;
      default: {
        // A well-formed file with a digit changed: offsets, shapes and lengths that nearly fit.
        const digits = [...bytes.subarray(8, headerBytes).toString('latin1').matchAll(/\d/g)];
        const digit = digits[below(random, digits.length)];
        if (digit) bytes[8 + digit.index] = 0x30 + below(random, 10);
      }
    }
    // Half of the time the length word is made to fit again, so that more gets past it.
    if (random() < 0.5 && bytes.length >= data.length + 8) {
      bytes.writeBigUInt64LE(BigInt(bytes.length - data.length - 8), 0);
    }
  }
  return bytes;
}

function judge(bytes: Buffer): string {
  const inspection = inspectPlaintext({
    totalBytes: bytes.length,
    schemaDigest: digest,
    expectedSchema: schema,
  });
  for (let at = 0; at < bytes.length; at += 50) inspection.add(bytes.subarray(at, at + 50));
  const result = inspection.finish();
  return result.ok ? 'ok' : result.slug;
}

/** The format's rules once more, by the language's own JSON: what a lenient reader would make of the file. */
function lenientRead(bytes: Buffer): unknown {
  const length = Number(bytes.readBigUInt64LE(0));
  return JSON.parse(bytes.subarray(8, 8 + length).toString('utf8'));
}

it('the original is fine', () => {
  expect(judge(original)).toBe('ok');
});

it('6,000 mutated headers are refused, each with a slug', () => {
  const random = seeded(20_240_607);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 6_000; i++) {
    const bytes = mutate(random);
    const slug = judge(bytes);
    counts[slug] = (counts[slug] ?? 0) + 1;
    const untouched =
      bytes.length === original.length &&
      bytes.subarray(0, headerBytes).equals(original.subarray(0, headerBytes));
    expect(untouched ? ['ok'] : ['tensor-header', 'tensor-schema'], `case ${i}`).toContain(slug);
  }
  expect(counts['tensor-header']).toBeGreaterThan(4_000);
  expect(counts['tensor-schema']).toBeGreaterThan(10);
});

it('what the parser takes from 3,000 more is what a lenient reader sees, so the two cannot be told different things', () => {
  const random = seeded(42);
  let accepted = 0;
  for (let i = 0; i < 3_000; i++) {
    const bytes = mutate(random);
    const result = parseSafetensorsHeader(bytes, { totalBytes: bytes.length });
    if (!result.ok) {
      expect(result.slug).toBe('tensor-header');
      continue;
    }
    accepted += 1;
    let end = 0;
    const seen = lenientRead(bytes) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >;
    for (const { name, dtype, shape } of result.schema) {
      const entry = seen[name];
      expect(entry).toMatchObject({ dtype, shape });
      expect(entry?.data_offsets[0]).toBe(end);
      end = entry?.data_offsets[1] ?? Number.NaN;
    }
    expect(result.headerBytes + end).toBe(bytes.length);
  }
  expect(accepted).toBeGreaterThan(10);
});

it('noise is refused', () => {
  const random = seeded(9);
  for (let i = 0; i < 1_000; i++)
    expect(judge(randomBuffer(random, below(random, 300)))).toBe('tensor-header');
});

it('is refused within its first bytes when its header is too long, before the rest arrives', () => {
  const inspection = inspectPlaintext({ totalBytes: 2 ** 31, schemaDigest: digest, expectedSchema: schema });
  const claim = Buffer.alloc(8);
  claim.writeBigUInt64LE(100_000_000n, 0);
  inspection.add(claim);
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.alloc(2 ** 20, 0x20);
  for (let i = 0; i < 100; i++) inspection.add(chunk);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
  expect(inspection.finish()).toMatchObject({ slug: 'tensor-header' });
});
