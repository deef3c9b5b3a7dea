import { describe, expect, it } from 'vitest';
import { ciphertextLength, FLSE } from '../../shared/sealing/floe.ts';
import {
  admitUpdate,
  checkManifest,
  openRanges,
  openSegments,
  segmentRange,
} from '../../shared/sealing/open.ts';
import { sealUpdate } from '../../shared/sealing/seal.ts';
import { chunked, encode, expectationsOf, headerFor, makeSilo, seal, sha256, vector } from './envelope.ts';
import { below, randomBuffer, seeded } from './seeded.ts';

const silo = makeSilo('north');
const SEGMENT = FLSE.segmentPlaintext;
const lengths = [
  0,
  1,
  7,
  8,
  SEGMENT - 1,
  SEGMENT,
  SEGMENT + 1,
  2 * SEGMENT - 1,
  2 * SEGMENT,
  2 * SEGMENT + 1,
  5 * 2 ** 20,
];

function rangesOf(ciphertext: Buffer) {
  return (offset: number, length: number): Promise<Buffer> =>
    Promise.resolve(ciphertext.subarray(offset, offset + length));
}

describe.each(lengths)('a payload of %i bytes', (length) => {
  const plaintext = randomBuffer(seeded(length), length);

  it('has the canonical length, passes the checks and opens to what was sealed', async () => {
    const header = headerFor(silo, plaintext);
    const { reply, ciphertext } = await seal(silo, plaintext, header);
    expect(ciphertext.length).toBe(ciphertextLength(length));
    expect(reply.m.ct256).toBe(sha256(ciphertext));

    const checked = checkManifest(encode(reply), expectationsOf(silo, header));
    if (!checked.ok) throw new Error(checked.detail);
    const dek = await silo.unwrap(Buffer.from(reply.m.wk, 'base64url'));
    const opened = await openRanges({
      manifest: checked.manifest,
      dek,
      readCiphertext: rangesOf(ciphertext),
    });
    dek.fill(0);
    expect((await opened.readPlaintext(0, length)).equals(plaintext)).toBe(true);

    const random = seeded(length + 1);
    for (let i = 0; i < 20 && length > 0; i++) {
      const offset = below(random, length);
      const taken = 1 + below(random, Math.min(length - offset, SEGMENT * 2));
      const range = await opened.readPlaintext(offset, taken);
      expect(range.equals(plaintext.subarray(offset, offset + taken))).toBe(true);
    }
    opened.wipe();
  });
});

describe('sealing', () => {
  const plaintext = vector([1, -2, 3]);
  const header = headerFor(silo, plaintext);
  const ignore = (): Promise<void> => Promise.resolve();

  it('gives the same plaintext other bytes each time', async () => {
    const [one, two] = [await seal(silo, plaintext), await seal(silo, plaintext)];
    expect(one.reply.m.wk).not.toBe(two.reply.m.wk);
    expect(one.reply.m.ct256).not.toBe(two.reply.m.ct256);
  });

  it.each([
    ['shorter', plaintext.length - 1],
    ['longer', plaintext.length + 1],
    ['longer by segments', plaintext.length + 3 * SEGMENT],
    ['empty', 0],
  ])('fails when the plaintext is %s than the header says', async (_, length) => {
    const other = Buffer.alloc(length, 7);
    await expect(seal(silo, other, header)).rejects.toThrow('bytes that the header says');
  });

  it('fails when a long plaintext ends a segment early', async () => {
    const long = { ...header, len: 3 * SEGMENT };
    await expect(seal(silo, Buffer.alloc(2 * SEGMENT), long)).rejects.toThrow('bytes that the header says');
    await expect(seal(silo, Buffer.alloc(SEGMENT + 5), long)).rejects.toThrow('bytes that the header says');
  });

  it('refuses a header that is not valid and a wrapping key that it does not name', async () => {
    await expect(seal(silo, plaintext, { ...header, weight: 0 })).rejects.toThrow();
    const kek = { ...header.kek, jkt: header.sig.jkt };
    await expect(seal(silo, plaintext, { ...header, kek })).rejects.toThrow('wrapping key');
  });

  it('passes on what the signer, the writer or the plaintext throws', async () => {
    const base = { header, kekPublicJwk: silo.kek.jwk, sign: silo.sign, write: ignore };
    const broken = new Error('broken');
    const fail = (): Promise<never> => Promise.reject(broken);
    const source = () => chunked(plaintext);
    await expect(sealUpdate({ ...base, plaintext: source(), sign: fail })).rejects.toBe(broken);
    await expect(sealUpdate({ ...base, plaintext: source(), write: fail })).rejects.toBe(broken);
    async function* torn(): AsyncGenerator<Uint8Array> {
      yield plaintext.subarray(0, 9);
      await fail();
    }
    await expect(sealUpdate({ ...base, plaintext: torn() })).rejects.toBe(broken);
    const short = () => Promise.resolve(new Uint8Array(63));
    await expect(sealUpdate({ ...base, plaintext: source(), sign: short })).rejects.toThrow('64');
  });

  it('holds one segment at a time and awaits each write before the next', async () => {
    let writing = 0;
    let largest = 0;
    const long = 9 * SEGMENT;
    await sealUpdate({
      header: { ...header, len: long },
      plaintext: chunked(Buffer.alloc(long), 100_003),
      kekPublicJwk: silo.kek.jwk,
      sign: silo.sign,
      async write(chunk) {
        expect(++writing).toBe(1);
        largest = Math.max(largest, chunk.length);
        await new Promise((resolve) => setImmediate(resolve));
        writing -= 1;
      },
    });
    expect(largest).toBe(FLSE.segmentLength);
  });
});

describe('random access', () => {
  const plaintext = randomBuffer(seeded(5), 2 * SEGMENT + 100);
  const sealed = seal(silo, plaintext);

  it('names exactly the ciphertext that a plaintext range needs', async () => {
    const { m } = (await sealed).reply;
    expect(segmentRange(m, 0, 1)).toEqual({
      firstSegment: 0,
      lastSegment: 0,
      ciphertextOffset: 74,
      ciphertextLength: 262_144,
      skip: 0,
    });
    expect(segmentRange(m, SEGMENT - 1, 2)).toMatchObject({ lastSegment: 1, ciphertextLength: 524_288 });
    expect(segmentRange(m, 2 * SEGMENT + 99, 1)).toEqual({
      firstSegment: 2,
      lastSegment: 2,
      ciphertextOffset: 74 + 524_288,
      ciphertextLength: 132,
      skip: 99,
    });
    expect(() => segmentRange(m, 2 * SEGMENT, 101)).toThrow(RangeError);
    expect(() => segmentRange(m, -1, 1)).toThrow(RangeError);
    expect(() => segmentRange(m, 0, 0)).toThrow(RangeError);
    expect(() => segmentRange(m, Number.NaN, 1)).toThrow(RangeError);
  });

  it('throws a typed error for a damaged or moved segment and for a foreign header', async () => {
    const { reply, ciphertext } = await sealed;
    const dek = await silo.unwrap(Buffer.from(reply.m.wk, 'base64url'));
    const header = ciphertext.subarray(0, 74);
    const segments = openSegments({ manifest: reply.m, dek, header });
    const [first, second] = [
      ciphertext.subarray(74, 74 + 262_144),
      ciphertext.subarray(74 + 262_144, 74 + 524_288),
    ];
    const segmentTag = expect.objectContaining({ name: 'FloeRefused', slug: 'segment-tag' }) as Error;
    expect(segments.openSegment(1, second).equals(plaintext.subarray(SEGMENT, 2 * SEGMENT))).toBe(true);
    expect(() => segments.openSegment(0, second)).toThrow(segmentTag);
    const damaged = Buffer.from(first);
    damaged[5_000] = (damaged[5_000] ?? 0) ^ 1;
    expect(() => segments.openSegment(0, damaged)).toThrow(segmentTag);
    expect(() => segments.openSegment(3, second)).toThrow(RangeError);
    expect(() => segments.openSegment(2, second)).toThrow(RangeError);

    const headerTag = expect.objectContaining({ slug: 'header-tag' }) as Error;
    const other = await seal(silo, plaintext);
    const foreign = other.ciphertext.subarray(0, 74);
    expect(() => openSegments({ manifest: reply.m, dek, header: foreign })).toThrow(headerTag);
    const moved = { ...reply.m, h: { ...reply.m.h, round: 4 } };
    expect(() => openSegments({ manifest: moved, dek, header })).toThrow(headerTag);
    expect(() => openSegments({ manifest: reply.m, dek: dek.subarray(1), header })).toThrow(headerTag);
  });
});

it('an honest update is admitted with its figures, whatever the chunks it arrives in', async () => {
  const plaintext = vector([3, 0, -4]);
  const { reply, ciphertext } = await seal(silo, plaintext);
  for (const size of [1, 13, 74, 75, 65_536]) {
    const admitted = await admitUpdate({
      manifest: reply.m,
      contentLength: ciphertext.length,
      ciphertext: chunked(ciphertext, size),
      unwrap: silo.unwrap,
      normCap: 5,
    });
    expect(admitted).toEqual({
      ok: true,
      evidence: {
        schema: [{ name: 'w', dtype: 'F32', shape: [3] }],
        norm: 5,
        maxAbs: 4,
        tensors: [{ name: 'w', norm: 5, maxAbs: 4 }],
      },
    });
  }
});
