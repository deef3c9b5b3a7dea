import { describe, expect, it } from 'vitest';
import type { TensorSchema } from '../../shared/contracts/tensor-schema.ts';
import {
  canonicalHeader,
  parseSafetensorsHeader,
  plaintextLength,
  schemaDigest,
  writeSafetensors,
} from '../../shared/tensors/safetensors.ts';
import { sha256 } from '../sealing/envelope.ts';

function file(json: string | Buffer, dataBytes = 0, claim?: bigint): Buffer {
  const text = Buffer.from(json);
  const bytes = Buffer.alloc(8 + text.length + dataBytes);
  bytes.writeBigUInt64LE(claim ?? BigInt(text.length), 0);
  bytes.set(text, 8);
  return bytes;
}

function parse(bytes: Buffer, more: { expectedTensors?: number } = {}) {
  return parseSafetensorsHeader(bytes, { totalBytes: bytes.length, ...more });
}

const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown): string =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe('a header', () => {
  it('by any writer is read in the order of the bytes', () => {
    const bytes = file(
      `{"b":${entry('F32', [2], 8, 16)},"__metadata__":{"format":"pt"}, "a" : ${entry('I64', [], 0, 8)}}   `,
      16,
    );
    expect(parse(bytes)).toEqual({
      ok: true,
      schema: [
        { name: 'a', dtype: 'I64', shape: [] },
        { name: 'b', dtype: 'F32', shape: [2] },
      ],
      headerBytes: bytes.length - 16,
      metadata: { format: 'pt' },
    });
  });

  it('may have scalars, empty tensors, no tensors and names like indexes', () => {
    const empty = file(
      `{"1":${entry('F32', [0, 7], 0, 0)},"0":${entry('F32', [0], 0, 0)},"x":${entry('U8', [3], 0, 3)}}`,
      3,
    );
    const parsed = parse(empty);
    expect(parsed.ok && parsed.schema.map(({ name }) => name)).toEqual(['1', '0', 'x']);
    expect(parse(file('{}'))).toMatchObject({ ok: true, schema: [] });
  });

  it.each<[string, Buffer]>([
    ['is missing', Buffer.alloc(0)],
    ['is shorter than its length word', Buffer.alloc(7)],
    ['claims nothing', file('{}', 0, 0n)],
    ['claims one byte', file('{}', 0, 1n)],
    ['claims more than the file', file('{}', 0, 3n)],
    ['claims 100 MB', file('{}', 0, 100_000_000n)],
    ['claims 2^63 bytes', file('{}', 0, 2n ** 63n)],
    ['begins with a space', file(' {}')],
    ['begins with a byte order mark', file('\ufeff{}')],
    ['is an array', file('[]')],
    ['is not JSON', file('{"a":}')],
    ['is not UTF-8', file(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))],
    ['ends with zeros', file('{}\0\0')],
    ['repeats a tensor', file(`{"a":${entry('U8', [1], 0, 1)},"a":${entry('U8', [1], 0, 1)}}`, 1)],
    ['repeats a member', file(`{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}`, 1)],
    ['names a prototype', file(`{"__proto__":${entry('U8', [1], 0, 1)}}`, 1)],
    ['has an empty name', file(`{"":${entry('U8', [1], 0, 1)}}`, 1)],
    ['has a name of 257 bytes', file(`{"${'é'.repeat(128)}x":${entry('U8', [1], 0, 1)}}`, 1)],
    ['has a name with a lone surrogate', file(`{"\\ud800":${entry('U8', [1], 0, 1)}}`, 1)],
    ['has metadata that is not text', file('{"__metadata__":{"a":1}}')],
    ['has metadata that is a list', file('{"__metadata__":[]}')],
    ['nests deep in its metadata', file(`{"__metadata__":{"a":${'['.repeat(999)}${']'.repeat(999)}}}`)],
    ['has an entry that is null', file('{"a":null}')],
    ['has an entry that is a list', file('{"a":[]}')],
    ['has an unknown member', file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}', 1)],
    ['lacks a shape', file('{"a":{"dtype":"U8","data_offsets":[0,1]}}', 1)],
    ['lacks offsets', file('{"a":{"dtype":"U8","shape":[1]}}', 1)],
    ['has an unknown dtype', file(`{"a":${entry('F8_E4M3', [1], 0, 1)}}`, 1)],
    ['has an inherited dtype', file(`{"a":${entry('constructor', [1], 0, 1)}}`, 1)],
    ['has rank 9', file(`{"a":${entry('U8', [1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 1)}}`, 1)],
    ['has a negative extent', file(`{"a":${entry('U8', [-1], 0, 1)}}`, 1)],
    ['has a fraction for an extent', file(`{"a":${entry('U8', [0.5], 0, 1)}}`, 1)],
    ['has text for an extent', file(`{"a":${entry('U8', ['1'], 0, 1)}}`, 1)],
    ['has a huge extent', file(`{"a":${entry('U8', [1e300], 0, 1)}}`, 1)],
    [
      'has a shape whose product overflows to its bytes',
      file(`{"a":${entry('U8', [2 ** 33, 2 ** 31], 0, 0)}}`),
    ],
    ['has a shape that is larger than its bytes', file(`{"a":${entry('F32', [2], 0, 4)}}`, 4)],
    ['has a shape that is smaller than its bytes', file(`{"a":${entry('F32', [1], 0, 8)}}`, 8)],
    ['has offsets the wrong way round', file(`{"a":${entry('U8', [1], 1, 0)}}`, 1)],
    ['has a negative offset', file(`{"a":${entry('U8', [1], -1, 0)}}`, 1)],
    ['has a fraction for an offset', file(`{"a":${entry('U8', [1], 0.5, 1.5)}}`, 2)],
    ['has three offsets', file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}', 1)],
    ['begins with a hole', file(`{"a":${entry('U8', [1], 1, 2)}}`, 2)],
    ['leaves a hole', file(`{"a":${entry('U8', [1], 0, 1)},"b":${entry('U8', [1], 2, 3)}}`, 3)],
    ['overlaps', file(`{"a":${entry('U8', [2], 0, 2)},"b":${entry('U8', [2], 1, 3)}}`, 3)],
    ['shares bytes', file(`{"a":${entry('U8', [2], 0, 2)},"b":${entry('U8', [2], 0, 2)}}`, 2)],
    ['ends before the file does', file(`{"a":${entry('U8', [1], 0, 1)}}`, 2)],
    ['ends after the file does', file(`{"a":${entry('U8', [2], 0, 2)}}`, 1)],
  ])('that %s is refused', (_, bytes) => {
    expect(parse(bytes)).toMatchObject({ ok: false, slug: 'tensor-header' });
  });

  it('of which only a part was read is refused', () => {
    const bytes = file(`{"w":${entry('F32', [2], 0, 8)}}`, 8);
    expect(parseSafetensorsHeader(bytes.subarray(0, 20), { totalBytes: bytes.length })).toMatchObject({
      ok: false,
      detail: 'The file ends within its header.',
    });
  });

  it('of more tensors than allowed is refused', () => {
    const many = Array.from({ length: 10_001 }, (_, i) => `"${i}":${entry('U8', [0], 0, 0)}`).join();
    expect(parse(file(`{${many}}`))).toMatchObject({
      ok: false,
      detail: expect.stringContaining('10000') as string,
    });
  });

  it('larger than the tensors that are expected can explain is refused', () => {
    const padded = file(`{"a":${entry('U8', [1], 0, 1)}}${' '.repeat(2_000)}`, 1);
    expect(parse(padded).ok).toBe(true);
    expect(parse(padded, { expectedTensors: 1 })).toMatchObject({ ok: false, slug: 'tensor-header' });
  });

  it('that is a bomb costs next to nothing', () => {
    const before = process.memoryUsage().heapUsed;
    const claim = file('{', 0, 100_000_000n);
    for (let i = 0; i < 1_000; i++) {
      expect(parseSafetensorsHeader(claim, { totalBytes: 2 ** 31 }).ok).toBe(false);
    }
    const deep = file(`{"a":${'['.repeat(1_000_000)}`);
    expect(parse(deep).ok).toBe(false);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * 2 ** 20);
  });
});

describe('the canonical header', () => {
  const schema: TensorSchema = [
    { name: 'layer.weight', dtype: 'F32', shape: [2, 3] },
    { name: 'steps', dtype: 'I64', shape: [] },
    { name: 'é"\\\n', dtype: 'BOOL', shape: [3] },
    { name: 'none', dtype: 'F16', shape: [0, 4] },
  ];

  it('is a fixed text: this one never changes', () => {
    const header = canonicalHeader([{ name: 'w', dtype: 'F32', shape: [3] }]);
    expect(header.subarray(8).toString()).toBe('{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}} ');
    expect(header.readBigUInt64LE(0)).toBe(BigInt(header.length - 8));
  });

  it('is a multiple of 8 bytes and parses to its schema', () => {
    for (let length = 1; length < 30; length++) {
      const named: TensorSchema = [{ name: 'n'.repeat(length), dtype: 'U8', shape: [] }, ...schema];
      const header = canonicalHeader(named);
      expect(header.length % 8).toBe(0);
      const parsed = parseSafetensorsHeader(header, { totalBytes: plaintextLength(named) });
      expect(parsed).toMatchObject({ ok: true, schema: named, headerBytes: header.length });
    }
  });

  it('goes with a digest of ordered names, dtypes and shapes', () => {
    expect(schemaDigest(schema.slice(0, 2))).toBe(
      sha256('[["layer.weight","F32",[2,3]],["steps","I64",[]]]'),
    );
    expect(schemaDigest([...schema].reverse())).not.toBe(schemaDigest(schema));
  });

  it('begins every file that is written', () => {
    const data = Buffer.from([1, 2, 3]);
    const bytes = writeSafetensors([{ name: 'a', dtype: 'U8', shape: [3], data }]);
    expect(
      bytes.equals(Buffer.concat([canonicalHeader([{ name: 'a', dtype: 'U8', shape: [3] }]), data])),
    ).toBe(true);
    expect(() => writeSafetensors([{ name: 'a', dtype: 'U8', shape: [4], data }])).toThrow(RangeError);
    expect(() => writeSafetensors([{ name: '', dtype: 'U8', shape: [3], data }])).toThrow();
  });
});
