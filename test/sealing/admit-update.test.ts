import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FLSE } from '../../shared/sealing/floe.ts';
import { admitUpdate } from '../../shared/sealing/open.ts';
import { chunked, headerFor, makeSilo, seal, vector } from './envelope.ts';

const silo = makeSilo('north');
const plaintext = vector([1, 2, 3]);
const { reply, ciphertext } = await seal(silo, plaintext);
const long = await seal(silo, vector(Array.from({ length: 200_000 }, () => 1)));
const request: Parameters<typeof admitUpdate>[0] = {
  manifest: reply.m,
  contentLength: ciphertext.length,
  ciphertext: chunked(ciphertext),
  unwrap: silo.unwrap,
};
const again = (change: Partial<typeof request> = {}) =>
  admitUpdate({ ...request, ciphertext: chunked(ciphertext), ...change });

describe('the unwrap', () => {
  it('is asked for once, with the wrapped key of the manifest', async () => {
    const asked: Buffer[] = [];
    const unwrap = (wk: Buffer): Promise<Buffer> => {
      asked.push(wk);
      return silo.unwrap(wk);
    };
    await admitUpdate({
      manifest: long.reply.m,
      contentLength: long.ciphertext.length,
      ciphertext: chunked(long.ciphertext),
      unwrap,
    });
    expect(asked.map((wk) => wk.toString('base64url'))).toEqual([long.reply.m.wk]);
  });

  it('is not asked for when the length is wrong or nothing arrives', async () => {
    const unwrap = (): Promise<never> => Promise.reject(new Error('must not be asked'));
    const short = ciphertext.subarray(0, 73);
    expect(await again({ contentLength: ciphertext.length + 1, unwrap })).toMatchObject({
      slug: 'blob-length',
    });
    expect(await again({ ciphertext: chunked(Buffer.alloc(0)), unwrap })).toMatchObject({
      slug: 'blob-length',
    });
    const torn = new Error('connection lost');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield short;
      await Promise.reject(torn);
    }
    await expect(again({ ciphertext: broken(), unwrap })).rejects.toBe(torn);
  });

  it.each(['unwrap-denied', 'key-revoked'] as const)(
    'that is refused as %s refuses the update',
    async (slug) => {
      const unwrap = (): Promise<never> =>
        Promise.reject(Object.assign(new Error('https://vault'), { slug }));
      const result = await again({ unwrap });
      expect(result).toMatchObject({ ok: false, slug });
      expect(JSON.stringify(result)).not.toContain('https://vault');
    },
  );

  it('that fails otherwise is a fault of ours and is thrown', async () => {
    for (const fault of [new Error('503'), Object.assign(new Error('429'), { slug: 'throttled' })]) {
      await expect(again({ unwrap: () => Promise.reject(fault) })).rejects.toBe(fault);
    }
  });

  it('leaves no key behind', async () => {
    let dek = Buffer.alloc(0);
    const unwrap = async (wk: Buffer): Promise<Buffer> => {
      dek = Buffer.from(await silo.unwrap(wk));
      return dek;
    };
    expect((await again({ unwrap })).ok).toBe(true);
    expect(dek.equals(Buffer.alloc(32))).toBe(true);
  });
});

describe('of several faults the first in the list is given', () => {
  it('a swapped blob is blob-hash, whether the vault unwraps or not', async () => {
    const swapped = Buffer.from(ciphertext);
    swapped[80] = (swapped[80] ?? 0) ^ 1;
    expect(await again({ ciphertext: chunked(swapped) })).toMatchObject({ slug: 'blob-hash' });
    const unwrap = (): Promise<never> =>
      Promise.reject(Object.assign(new Error(), { slug: 'unwrap-denied' }));
    expect(await again({ ciphertext: chunked(swapped), unwrap })).toMatchObject({ slug: 'blob-hash' });
  });

  it('a revoked key comes before a swapped blob', async () => {
    const swapped = Buffer.from(ciphertext);
    swapped[80] = (swapped[80] ?? 0) ^ 1;
    const unwrap = (): Promise<never> => Promise.reject(Object.assign(new Error(), { slug: 'key-revoked' }));
    expect(await again({ ciphertext: chunked(swapped), unwrap })).toMatchObject({ slug: 'key-revoked' });
  });

  it('a damaged last segment comes before a tensor that is not finite in the first', async () => {
    const bad = vector(Array.from({ length: 200_000 }, (_, i) => (i === 0 ? Number.NaN : 1)));
    const sealed = await seal(silo, bad);
    const damaged = Buffer.from(sealed.ciphertext);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const { createHash } = await import('node:crypto');
    const ct256 = createHash('sha256').update(damaged).digest('hex');
    const manifest = { ...sealed.reply.m, ct256 };
    const result = await again({ manifest, contentLength: damaged.length, ciphertext: chunked(damaged) });
    expect(result).toMatchObject({ slug: 'segment-tag' });
  });
});

it('stops reading as soon as there is more than the blob was said to have', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 65_536;
      yield Buffer.alloc(65_536);
    }
  }
  expect(await again({ ciphertext: endless() })).toMatchObject({ slug: 'blob-length' });
  expect(read).toBeLessThan(4 * FLSE.segmentLength);
});

it('ends the download whichever way it is refused', async () => {
  for (const [contentLength, bytes] of [
    [ciphertext.length + 1, ciphertext],
    [ciphertext.length, Buffer.alloc(1_000_000)],
  ] as const) {
    const download = Readable.from(chunked(bytes));
    const result = await again({ contentLength, ciphertext: download });
    expect(result).toMatchObject({ slug: 'blob-length' });
    expect(download.destroyed).toBe(true);
  }
});

it('an expected schema that differs refuses what is right by its own manifest', async () => {
  const expectedSchema = [{ name: 'w', dtype: 'F32' as const, shape: [3, 1] }];
  const result = await admitUpdate({ ...request, ciphertext: chunked(ciphertext), expectedSchema });
  expect(result).toMatchObject({ slug: 'tensor-schema' });
});

it('admitting twice gives the same evidence', async () => {
  expect(await again()).toEqual(await again());
  expect(headerFor(silo, plaintext).len).toBe(reply.m.h.len);
});
