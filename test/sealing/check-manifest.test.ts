import { describe, expect, it } from 'vitest';
import type { UpdateHeader } from '../../shared/contracts/manifest.ts';
import type { UpdateSlug } from '../../shared/contracts/refusals.ts';
import { checkManifest, type ManifestExpectations } from '../../shared/sealing/check-manifest.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { encode, expectationsOf, headerFor, makeSilo, resign, seal, sha256, vector } from './envelope.ts';

const silo = makeSilo('north');
const next = makeSilo('north');
const plaintext = vector([1, 2, 3, 4]);
const header = headerFor(silo, plaintext);
const expected = expectationsOf(silo, header);
const { reply } = await seal(silo, plaintext, header);
const bytes = encode(reply);

async function slugFor(change: object, expectations = expected): Promise<UpdateSlug | undefined> {
  const m = { ...reply.m, h: { ...header, ...change } };
  const result = checkManifest(encode(await resign(silo, m)), expectations);
  return result.ok ? undefined : result.slug;
}

it('a reply as expected is let through with its manifest and its digest', () => {
  const result = checkManifest(bytes, expected);
  expect(result).toEqual({ ok: true, manifest: reply.m, manifestDigest: bodyDigest(reply.m) });
});

it("a reply's digest does not depend on its signature, which differs each time", async () => {
  const again = await resign(next, reply.m);
  expect(again.sig).not.toBe(reply.sig);
  const result = checkManifest(bytes, expected);
  expect(result.ok && result.manifestDigest).toBe(bodyDigest(again.m));
});

describe('an insider who signs another context is refused for it', () => {
  const cases: [string, Partial<UpdateHeader>, UpdateSlug][] = [
    ['experiment', { exp: 'exp-01jd0000000000000000000001' }, 'context-experiment'],
    ['earlier round', { round: 2 }, 'context-round'],
    ['future round', { round: 4 }, 'context-round'],
    ['attempt', { attempt: 2 }, 'context-attempt'],
    ['silo', { silo: 'south' }, 'context-silo'],
    ['plan', { plan: sha256('another plan') }, 'context-plan'],
    ['base version', { base: { ver: 1, sha256: sha256('base') } }, 'context-base'],
    ['base digest', { base: { ver: 2, sha256: sha256('other') } }, 'context-base'],
    ['absence of a base', { base: null }, 'context-base'],
    ['schema', { schema: sha256('schema') }, 'context-schema'],
    ['length', { len: plaintext.length + 8 }, 'length-formula'],
    ['wrapping key', { kek: { kid: next.kek.kid, jkt: next.kek.jkt } }, 'key-unknown'],
    ['wrapping key version', { kek: { ...header.kek, kid: `${header.kek.kid}2` } }, 'key-unknown'],
    ['signing key', { sig: { kid: silo.sig.kid, jkt: next.sig.jkt } }, 'key-unknown'],
  ];
  it.each(cases)('another %s', async (_, change, slug) => {
    expect(await slugFor(change)).toBe(slug);
  });

  it('and for the first that applies when there are several', async () => {
    const all = Object.assign({}, ...cases.slice(0, 11).map(([, change]) => change)) as Partial<UpdateHeader>;
    expect(await slugFor(all)).toBe('context-experiment');
    expect(await slugFor({ ...all, exp: header.exp })).toBe('context-round');
    expect(await slugFor({ weight: 0, round: 9 })).toBe('context-round');
  });
});

describe('weight', () => {
  it.each([0, -1, -0, 1.5, 1_001, 2 ** 29, 1e18, '1000', null, true, [1], { value: 1 }])(
    'of %j is refused, and the silo that signed it may be told',
    async (weight) => {
      const m = { ...reply.m, h: { ...header, weight } };
      const result = checkManifest(encode(await resign(silo, m)), expected);
      expect(result).toMatchObject({
        ok: false,
        slug: 'weight-cap',
        authentic: { manifestDigest: bodyDigest(m) },
      });
    },
  );

  it.each([1, 1_000])('of %d is within the cap', async (weight) => {
    expect(await slugFor({ weight })).toBeUndefined();
  });
});

describe('length', () => {
  const initial = { ...header, base: null };
  const init = expectationsOf(silo, initial);

  it('of an initial model is bounded by the plan alone', async () => {
    expect(await slugFor({ base: null }, init)).toBeUndefined();
    const limits = { ...init.plan.limits, maxUpdateBytes: plaintext.length - 1 };
    expect(await slugFor({ base: null }, { ...init, plan: { ...init.plan, limits } })).toBe('length-formula');
  });

  it('of a ciphertext that promises a bomb is refused unseen', async () => {
    const m = { ...reply.m, ctLen: 2 ** 40 };
    expect(checkManifest(encode(await resign(silo, m)), expected)).toMatchObject({ slug: 'length-formula' });
  });

  it.each([-2, -1, 1, 2, 32, 262_144])('of a ciphertext that is off by %d is refused', async (off) => {
    const m = { ...reply.m, ctLen: reply.m.ctLen + off };
    expect(checkManifest(encode(await resign(silo, m)), expected)).toMatchObject({ slug: 'length-formula' });
  });
});

describe('the roster', () => {
  const entry = expected.silo;
  if (!entry) throw new Error('no entry');
  const against = (change: Partial<typeof entry>, more: Partial<ManifestExpectations> = {}) => {
    const result = checkManifest(bytes, { ...expected, silo: { ...entry, ...change }, ...more });
    return result.ok ? undefined : result.slug;
  };

  it('without the silo, or before its admission, makes it foreign', () => {
    expect(checkManifest(bytes, { ...expected, silo: undefined })).toMatchObject({ slug: 'foreign-silo' });
    expect(against({ status: 'pending' })).toBe('foreign-silo');
  });

  it('that revokes a key or disables the silo refuses what it signed', () => {
    expect(against({ revoked: [silo.kek.jkt] })).toBe('key-revoked');
    expect(against({ revoked: [silo.sig.jkt] })).toBe('key-revoked');
    expect(against({ revoked: [next.sig.jkt] })).toBeUndefined();
    expect(against({ status: 'disabled' })).toBe('key-revoked');
  });

  it('with newer keys still takes the former ones until their overlap ends', () => {
    const until = '2025-11-24T16:00:00Z';
    const rotated = { kek: next.kek, sig: next.sig, formerKeys: [{ kek: silo.kek, sig: silo.sig, until }] };
    const end = Date.parse(until);
    expect(against(rotated, { receivedAt: end - 1 })).toBeUndefined();
    expect(against(rotated, { receivedAt: end })).toBe('key-revoked');
    expect(against({ ...rotated, revoked: [silo.sig.jkt] }, { receivedAt: end - 1 })).toBe('key-revoked');
    expect(against({ ...rotated, formerKeys: [] })).toBe('key-unknown');
  });

  it('does not let the wrapping key of one pair go with the signing key of another', () => {
    const until = '2030-01-01T00:00:00Z';
    const mixed = { kek: silo.kek, sig: next.sig, formerKeys: [{ kek: next.kek, sig: silo.sig, until }] };
    expect(against(mixed)).toBe('key-unknown');
  });
});

it('a wrapped key that is not strict base64url is refused', async () => {
  for (const wk of [`${reply.m.wk}A`, `${reply.m.wk}AB`]) {
    const result = checkManifest(encode(await resign(silo, { ...reply.m, wk })), expected);
    expect(result).toMatchObject({ slug: 'manifest-invalid' });
  }
});
