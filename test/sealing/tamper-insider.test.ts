/**
 * The insider's matrix: the silo itself, which can sign whatever it likes, so every manifest here is authentic and
 * names exactly the bytes that are in the store. What stops it is the ciphertext's own structure.
 */
import { describe, expect, it } from 'vitest';
import type { UpdateManifest } from '../../shared/contracts/manifest.ts';
import type { UpdateSlug } from '../../shared/contracts/refusals.ts';
import { checkManifest } from '../../shared/sealing/check-manifest.ts';
import { wrapDataKey } from '../../shared/sealing/data-key.ts';
import { FLSE, startSealing } from '../../shared/sealing/floe.ts';
import { admitUpdate } from '../../shared/sealing/open.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';
import {
  chunked,
  encode,
  expectationsOf,
  f32,
  headerFor,
  makeSilo,
  resign,
  type Sealed,
  seal,
  vector,
  withCiphertext,
} from './envelope.ts';
import { below, seeded } from './seeded.ts';

const silo = makeSilo('north');
const other = makeSilo('south');
const small = await sealed(vector([1, 2, 3, 4]));
const large = await sealed(vector(Array.from({ length: 150_000 }, (_, i) => i / 1_000)));
const { headerLength, segmentLength } = FLSE;

async function sealed(plaintext: Buffer) {
  const header = headerFor(silo, plaintext);
  const { reply, ciphertext } = await seal(silo, plaintext, header);
  return { plaintext, header, m: reply.m, ciphertext, expected: expectationsOf(silo, header) };
}
type Envelope = Awaited<ReturnType<typeof sealed>>;

/** Signs `m`, sends it and lets the coordinator read `ciphertext`. */
async function submit(of: Envelope, m: unknown, ciphertext: Uint8Array): Promise<UpdateSlug | undefined> {
  const checked = checkManifest(encode(await resign(silo, m)), of.expected);
  if (!checked.ok) return checked.slug;
  const admitted = await admitUpdate({
    manifest: checked.manifest,
    contentLength: ciphertext.length,
    ciphertext: chunked(ciphertext),
    unwrap: silo.unwrap,
    normCap: 1e6,
  });
  return admitted.ok ? undefined : admitted.slug;
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

it('both envelopes are admitted as they are', async () => {
  for (const of of [small, large]) expect(await submit(of, of.m, of.ciphertext)).toBeUndefined();
});

describe('a ciphertext with one bit flipped and a digest signed to match', () => {
  it('is refused at the header tag wherever the flip is in the header', async () => {
    for (let at = 0; at < headerLength; at++) {
      for (const bit of [at % 8, (at + 4) % 8]) {
        const ciphertext = flipped(small.ciphertext, at, bit);
        expect(await submit(small, withCiphertext(small.m, ciphertext), ciphertext), `${at}.${bit}`).toBe(
          'header-tag',
        );
      }
    }
  });

  it('is refused at a segment tag wherever the flip is behind it', async () => {
    for (let at = headerLength; at < small.ciphertext.length; at++) {
      const ciphertext = flipped(small.ciphertext, at, at % 8);
      expect(await submit(small, withCiphertext(small.m, ciphertext), ciphertext), `${at}`).toBe(
        'segment-tag',
      );
    }
  });

  it('is refused at a segment tag in every segment of a long one', async () => {
    const random = seeded(3);
    for (let i = 0; i < 120; i++) {
      const at = headerLength + below(random, large.ciphertext.length - headerLength);
      const ciphertext = flipped(large.ciphertext, at, i % 8);
      expect(await submit(large, withCiphertext(large.m, ciphertext), ciphertext), `${at}`).toBe(
        'segment-tag',
      );
    }
  });
});

describe('a blob that is not what the manifest says', () => {
  it('is blob-hash wherever it differs, although a tag failed earlier', async () => {
    const random = seeded(4);
    for (let i = 0; i < 500; i++) {
      const at = below(random, small.ciphertext.length);
      expect(await submit(small, small.m, flipped(small.ciphertext, at, i % 8)), `${at}`).toBe('blob-hash');
    }
  });

  it('is blob-hash when it is another valid ciphertext of the same silo', async () => {
    const twin = await seal(silo, small.plaintext, small.header);
    expect(await submit(small, small.m, twin.ciphertext)).toBe('blob-hash');
  });

  it('is blob-length when it is longer or shorter', async () => {
    for (const length of [0, 1, 73, 74, 75, small.ciphertext.length - 1]) {
      expect(await submit(small, small.m, small.ciphertext.subarray(0, length))).toBe('blob-length');
    }
    const longer = Buffer.concat([small.ciphertext, Buffer.alloc(1)]);
    expect(await submit(small, small.m, longer)).toBe('blob-length');
  });

  it('is length-formula when the manifest is made to match', async () => {
    for (const change of [-32, -1, 1, 32, 262_144]) {
      const ciphertext =
        change < 0
          ? small.ciphertext.subarray(0, change)
          : Buffer.concat([small.ciphertext, Buffer.alloc(change)]);
      expect(await submit(small, withCiphertext(small.m, ciphertext), ciphertext)).toBe('length-formula');
    }
  });
});

describe('segments', () => {
  const cut = (i: number): Buffer =>
    large.ciphertext.subarray(headerLength + i * segmentLength, headerLength + (i + 1) * segmentLength);
  const head = large.ciphertext.subarray(0, headerLength);

  it.each<[string, () => Buffer[]]>([
    ['swapped', () => [head, cut(1), cut(0), cut(2)]],
    ['repeated', () => [head, cut(0), cut(0), cut(2)]],
    ['moved to the end', () => [head, cut(0), cut(2), cut(1)]],
  ])('%s are refused', async (_, parts) => {
    const ciphertext = Buffer.concat(parts());
    expect(await submit(large, withCiphertext(large.m, ciphertext), ciphertext)).toBe('segment-tag');
  });

  it('of another ciphertext under the same data key are refused', async () => {
    const dek = await silo.unwrap(Buffer.from(large.m.wk, 'base64url'));
    const sealer = startSealing({ key: dek, associatedData: Buffer.from('other'), parameters: FLSE });
    const foreign = sealer.seal(Buffer.alloc(FLSE.segmentPlaintext), false);
    const ciphertext = Buffer.concat([head, cut(0), foreign, cut(2)]);
    expect(await submit(large, withCiphertext(large.m, ciphertext), ciphertext)).toBe('segment-tag');
    const swapped = Buffer.concat([sealer.header, cut(0), cut(1), cut(2)]);
    expect(await submit(large, withCiphertext(large.m, swapped), swapped)).toBe('header-tag');
  });

  it('gzipped are refused', async () => {
    const { gzipSync } = await import('node:zlib');
    const ciphertext = gzipSync(large.ciphertext);
    expect(await submit(large, large.m, ciphertext)).toBe('blob-length');
    expect(await submit(large, withCiphertext(large.m, ciphertext), ciphertext)).toBe('length-formula');
  });
});

describe('a header changed after sealing', () => {
  it.each<[string, object]>([
    ['weight', { weight: 1_000 }],
    ['example count', { numExamples: 9_999 }],
    ['metric', { metrics: { loss: 0, accuracy: 1 } }],
    ['clock', { iat: 0 }],
  ])('in its %s does not fit the ciphertext any more', async (_, change) => {
    const m = { ...small.m, h: { ...small.m.h, ...change } };
    expect(await submit(small, m, small.ciphertext)).toBe('header-tag');
  });

  it("of an earlier round's update does not make it one of this round", async () => {
    const earlier = await seal(silo, small.plaintext, { ...small.header, round: 2 });
    expect(await submit(small, earlier.reply.m, earlier.ciphertext)).toBe('context-round');
    const renamed = { ...earlier.reply.m, h: small.header };
    expect(await submit(small, renamed, earlier.ciphertext)).toBe('header-tag');
  });

  it("of another silo's update does not make it this silo's", async () => {
    const theirs = await seal(other, small.plaintext, { ...headerFor(other, small.plaintext) });
    expect(await submit(small, theirs.reply.m, theirs.ciphertext)).toBe('key-unknown');
    const taken: UpdateManifest = { ...theirs.reply.m, h: small.header };
    const checked = checkManifest(encode(await resign(silo, taken)), small.expected);
    expect(checked.ok).toBe(true);
    // Wrapped for another vault: this silo's vault cannot unwrap it, which the key ring reports by slug.
    const result = await admitUpdate({
      manifest: taken,
      contentLength: theirs.ciphertext.length,
      ciphertext: chunked(theirs.ciphertext),
      unwrap: (wk) =>
        silo
          .unwrap(wk)
          .catch(() => Promise.reject(Object.assign(new Error('no'), { slug: 'unwrap-denied' }))),
    });
    expect(result).toMatchObject({ ok: false, slug: 'unwrap-denied' });
  });
});

describe('a wrapped key', () => {
  it.each([0, 16, 31, 33, 64, 190])('of %i bytes is refused', async (length) => {
    const wk = wrapDataKey(Buffer.alloc(length, 1), silo.kek.jwk).toString('base64url');
    expect(await submit(small, { ...small.m, wk }, small.ciphertext)).toBe('header-tag');
  });

  it('that is another one is refused', async () => {
    const wk = wrapDataKey(Buffer.alloc(32, 1), silo.kek.jwk).toString('base64url');
    expect(await submit(small, { ...small.m, wk }, small.ciphertext)).toBe('header-tag');
  });
});

describe('a plaintext that is sealed properly', () => {
  const submitPlaintext = async (
    plaintext: Buffer,
    change: object = {},
    of = small,
  ): Promise<UpdateSlug | undefined> => {
    const header = headerFor(silo, plaintext, { schema: of.header.schema, ...change });
    const { reply, ciphertext }: Sealed = await seal(silo, plaintext, header);
    return submit({ ...of, expected: expectationsOf(silo, header) }, reply.m, ciphertext);
  };
  const tensor = (name: string, data: Buffer, shape = [data.length / 4], dtype = 'F32' as const) =>
    writeSafetensors([{ name, dtype, shape, data }]);

  it('of no bytes at all is no safetensors file', async () => {
    expect(await submitPlaintext(Buffer.alloc(0))).toBe('tensor-header');
    expect(await submitPlaintext(Buffer.alloc(7))).toBe('tensor-header');
    expect(await submitPlaintext(Buffer.alloc(8))).toBe('tensor-header');
  });

  it('of noise is no safetensors file', async () => {
    expect(await submitPlaintext(Buffer.alloc(1_000, 0x5a))).toBe('tensor-header');
  });

  it('with other tensors than its manifest names is refused', async () => {
    const four = f32(1, 2, 3, 4);
    expect(await submitPlaintext(tensor('v', four))).toBe('tensor-schema');
    expect(await submitPlaintext(tensor('w', four, [2, 2]))).toBe('tensor-schema');
    expect(await submitPlaintext(tensor('w', f32(1, 2, 3)))).toBe('tensor-schema');
    expect(
      await submitPlaintext(writeSafetensors([{ name: 'w', dtype: 'I32', shape: [4], data: four }])),
    ).toBe('tensor-schema');
  });

  it('with a header that is valid but not the canonical one is refused', async () => {
    const canonical = tensor('w', f32(1, 2, 3, 4));
    const json = canonical.subarray(8, 8 + Number(canonical.readBigUInt64LE(0))).toString();
    for (const text of [json + ' '.repeat(8), json.replace(':', ': '), json.replace('"w"', '"\\u0077"')]) {
      const head = Buffer.alloc(8 + text.length, text, 'latin1');
      head.writeBigUInt64LE(BigInt(text.length), 0);
      head.write(text, 8, 'latin1');
      expect(await submitPlaintext(Buffer.concat([head, f32(1, 2, 3, 4)]))).toBe('tensor-header');
    }
  });

  it('that is not finite is refused, in whichever segment it is', async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(await submitPlaintext(vector([1, bad, 3, 4]))).toBe('not-finite');
    }
    for (const at of [0, 65_000, 100_000, 149_999]) {
      const values = Array.from({ length: 150_000 }, (_, i) => (i === at ? Number.NaN : 1));
      expect(await submitPlaintext(vector(values), {}, large)).toBe('not-finite');
    }
  });

  it('that is larger than the cap is refused', async () => {
    expect(await submitPlaintext(vector([1e6, 1, 0, 0]))).toBe('norm-cap');
    expect(await submitPlaintext(vector([1e6, 0, 0, 0]))).toBeUndefined();
    expect(await submitPlaintext(vector([3.4e38, 0, 0, 0]))).toBe('norm-cap');
  });

  it('of subnormals and negative zeros is fine', async () => {
    expect(await submitPlaintext(vector([1e-45, -0, -1e-45, 0]))).toBeUndefined();
  });
});
