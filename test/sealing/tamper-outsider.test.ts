/**
 * The outsider's matrix: whoever cannot sign as the silo. Every case is refused with the slug that the changed
 * field calls for, without an exception, and none costs the silo's vault an unwrap.
 */
import { describe, expect, it } from 'vitest';
import { receivedReply } from '../../shared/contracts/manifest.ts';
import type { UpdateSlug } from '../../shared/contracts/refusals.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { checkManifest } from '../../shared/sealing/check-manifest.ts';
import { admitUpdate } from '../../shared/sealing/open.ts';
import { chunked, encode, expectationsOf, headerFor, makeSilo, resign, seal, vector } from './envelope.ts';
import { below, randomBuffer, seeded } from './seeded.ts';

const silo = makeSilo('north');
const stranger = makeSilo('stranger');
const plaintext = vector([1, 2, 3, 4]);
const header = headerFor(silo, plaintext);
const expected = expectationsOf(silo, header);
const { reply, ciphertext } = await seal(silo, plaintext, header);
const bytes = encode(reply);

/** What the handler of a reply does: the ciphertext is only looked at once the manifest has passed. */
async function receive(
  message: Uint8Array,
): Promise<{ slug: UpdateSlug | undefined; unwraps: number; told: boolean }> {
  let unwraps = 0;
  const checked = checkManifest(message, expected);
  if (!checked.ok) return { slug: checked.slug, unwraps, told: checked.authentic !== undefined };
  const admitted = await admitUpdate({
    manifest: checked.manifest,
    contentLength: ciphertext.length,
    ciphertext: chunked(ciphertext),
    unwrap: (wk) => {
      unwraps += 1;
      return silo.unwrap(wk);
    },
  });
  return { slug: admitted.ok ? undefined : admitted.slug, unwraps, told: true };
}

/** What a change inside this member is to be called, given that the reply is still well-formed. */
const slugOf: Record<string, UpdateSlug> = {
  'm.h.silo': 'context-silo',
  'm.h.kek.kid': 'key-unknown',
  'm.h.kek.jkt': 'key-unknown',
  'm.h.sig.kid': 'key-unknown',
  'm.h.sig.jkt': 'key-unknown',
  'm.h.exp': 'context-experiment',
  'm.h.round': 'context-round',
  'm.h.attempt': 'context-attempt',
  'm.h.plan': 'context-plan',
  'm.h.base.ver': 'context-base',
  'm.h.base.sha256': 'context-base',
  'm.h.schema': 'context-schema',
  'm.h.len': 'length-formula',
  'm.ctLen': 'length-formula',
};

/** The first member, in the order of checks, in which two well-formed replies differ. */
function slugOfChange(changed: unknown): UpdateSlug {
  const at = (document: unknown, path: string): unknown =>
    path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown> | null)?.[key], document);
  const order: UpdateSlug[] = [
    'key-unknown',
    'context-experiment',
    'context-round',
    'context-attempt',
    'context-silo',
  ];
  const paths = Object.keys(slugOf).filter((path) => at(changed, path) !== at(reply, path));
  const slugs = paths.map((path) => slugOf[path] ?? 'signature-invalid');
  return order.find((slug) => slugs.includes(slug)) ?? slugs[0] ?? 'signature-invalid';
}

it('the untouched reply is admitted, so that the refusals below mean something', async () => {
  expect(await receive(bytes)).toEqual({ slug: undefined, unwraps: 1, told: true });
});

it('every byte of the reply with three of its bits flipped is refused for what it changes', async () => {
  const counts = new Map<string, number>();
  let cases = 0;
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [at % 8, (at + 3) % 8, (at + 6) % 8]) {
      const message = Buffer.from(bytes);
      message[at] = (message[at] ?? 0) ^ (1 << bit);
      let changed: unknown;
      try {
        changed = receivedReply.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message)));
      } catch {}
      const result = await receive(message);
      const slug = changed === undefined ? 'manifest-invalid' : slugOfChange(changed);
      expect(result, `bit ${bit} of byte ${at}`).toEqual({ slug, unwraps: 0, told: false });
      counts.set(slug, (counts.get(slug) ?? 0) + 1);
      cases += 1;
    }
  }
  expect(cases).toBeGreaterThanOrEqual(4_000);
  expect([...counts.keys()].sort()).toEqual(
    [...new Set(['manifest-invalid', 'signature-invalid', ...Object.values(slugOf)])].sort(),
  );
});

it('every truncation of the reply is refused', async () => {
  for (let length = 0; length < bytes.length; length += 7) {
    expect(await receive(bytes.subarray(0, length))).toEqual({
      slug: 'manifest-invalid',
      unwraps: 0,
      told: false,
    });
  }
});

it('noise of any length is refused', async () => {
  const random = seeded(1);
  for (let i = 0; i < 300; i++) {
    const message = randomBuffer(random, below(random, 20_000));
    const slug = message.length > 16_384 ? 'manifest-too-large' : 'manifest-invalid';
    expect(await receive(message)).toEqual({ slug, unwraps: 0, told: false });
  }
});

describe('a stranger', () => {
  it('who signs with a key of their own under the names of the silo is refused', async () => {
    const forged = encode(await resign(stranger, reply.m));
    expect(await receive(forged)).toMatchObject({ slug: 'signature-invalid', unwraps: 0 });
  });

  it('who names their own keys is refused before the signature', async () => {
    const m = {
      ...reply.m,
      h: { ...header, kek: headerFor(stranger, plaintext).kek, sig: headerFor(stranger, plaintext).sig },
    };
    expect(await receive(encode(await resign(stranger, m)))).toMatchObject({
      slug: 'key-unknown',
      unwraps: 0,
    });
  });

  it('gains nothing by a weight that is out of bounds: the signature is judged first', async () => {
    for (const weight of [0, -1, 1.5, 1e18, '1000', null, [], {}]) {
      const m = { ...reply.m, h: { ...header, weight } };
      const result = await receive(encode(await resign(stranger, m)));
      expect(result).toEqual({ slug: 'signature-invalid', unwraps: 0, told: false });
    }
  });
});

describe('a reply with the right content in the wrong form', () => {
  const text = bytes.toString('utf8');
  it.each<[string, string | Buffer, UpdateSlug]>([
    ['over 16 KiB', text + ' '.repeat(16_385 - text.length), 'manifest-too-large'],
    ['with a repeated member', text.replace('"ctLen"', '"ct256":"x","ctLen"'), 'manifest-invalid'],
    ['with an unknown member', text.replace('"kind"', '"extra":1,"kind"'), 'manifest-invalid'],
    [
      'with an unknown member in the header',
      text.replace('"attempt"', '"admin":true,"attempt"'),
      'manifest-invalid',
    ],
    ['with a prototype', text.replace('"attempt"', '"__proto__":{},"attempt"'), 'manifest-invalid'],
    [
      'nested too deep',
      text.replace('"metrics":{', `"metrics":${'['.repeat(50)}${']'.repeat(50)},"x":{`),
      'manifest-invalid',
    ],
    ['with a lone surrogate', text.replace('"loss"', '"\\ud800"'), 'manifest-invalid'],
    ['with a metric that is not a number', text.replace('0.5', '"0.5"'), 'manifest-invalid'],
    ['with a metric out of range', text.replace('0.5', '1e999'), 'manifest-invalid'],
    ['with a metric of a wrong name', text.replace('"loss"', '"lo ss"'), 'manifest-invalid'],
    ['after a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]), 'manifest-invalid'],
    ['in Latin-1', Buffer.from(text.replace('"loss"', '"l\u00f6ss"'), 'latin1'), 'manifest-invalid'],
    ['in UTF-16', Buffer.from(text, 'utf16le'), 'manifest-invalid'],
    ['as an array', `[${text}]`, 'manifest-invalid'],
    ['as null', 'null', 'manifest-invalid'],
    ['of another kind', text.replace('"submitted"', '"evaluated"'), 'manifest-invalid'],
    ['without a signature', text.replace(/,"sig":"[^"]{86}"\}$/, '}'), 'manifest-invalid'],
    ['without a weight', text.replace(/,"weight":120/, ''), 'manifest-invalid'],
    ['with a round that is no integer', text.replace('"round":3', '"round":3.5'), 'manifest-invalid'],
    ['with a negative length', text.replace(/"ctLen":\d+/, '"ctLen":-1'), 'manifest-invalid'],
    ['with a key of http', text.replaceAll('https:', 'http:'), 'manifest-invalid'],
    [
      'with 65 metrics',
      text.replace('"loss":0.5', Array.from({ length: 64 }, (_, i) => `"m${i}":0`).join()),
      'manifest-invalid',
    ],
  ])('%s is refused', async (_, message, slug) => {
    expect(message.toString()).not.toBe(text);
    expect(await receive(Buffer.from(message))).toEqual({ slug, unwraps: 0, told: false });
  });

  it('with spaces is the same reply: what is signed is its canonical form', async () => {
    const pretty = Buffer.from(JSON.stringify(JSON.parse(text), null, 1));
    expect(await receive(pretty)).toMatchObject({ slug: undefined });
    expect(canonicalJson(JSON.parse(pretty.toString()))).toBe(text);
  });
});

it('the text of a stranger never appears in a detail', () => {
  const text = bytes.toString('utf8').replace('"attempt"', '"<script>":"secret","attempt"');
  const refusal = checkManifest(Buffer.from(text), expected);
  expect(refusal.ok).toBe(false);
  expect(JSON.stringify(refusal)).not.toMatch(/script|secret/);
});
