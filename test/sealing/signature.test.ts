import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SigningJwk } from '../../shared/contracts/keys.ts';
import {
  bodyDigest,
  jwkThumbprint,
  type SignatureLabel,
  signBody,
  signedDigest,
  verifySignature,
} from '../../shared/sealing/signature.ts';
import { sha256 } from './envelope.ts';
import { below, randomBuffer, seeded } from './seeded.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
const key: SigningJwk = { kty: 'EC', crv: 'P-256', x, y };
const body = { b: 1, a: ['é', null] };
const label = 'tributary/plan/1';

function signatureOf(of: SignatureLabel, over: string): string {
  const message = Buffer.from(`${of}\0${over}`);
  return sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}
const signature = signatureOf(label, '{"a":["é",null],"b":1}');

it('the digest that is signed covers the label, a zero byte and the canonical body', () => {
  expect(signedDigest(label, body).toString('hex')).toBe(sha256('tributary/plan/1\0{"a":["é",null],"b":1}'));
});

it("a body's own digest has no label", () => {
  expect(bodyDigest(body)).toBe(sha256('{"a":["é",null],"b":1}'));
});

describe('a signature', () => {
  it('verifies over the body however its members are ordered', () => {
    expect(verifySignature(label, body, signature, key)).toBe(true);
    expect(verifySignature(label, { a: ['é', null], b: 1 }, signature, key)).toBe(true);
  });

  it('does not verify under another label, body or key', () => {
    expect(verifySignature('tributary/update/1', body, signature, key)).toBe(false);
    expect(verifySignature(label, { ...body, b: 2 }, signature, key)).toBe(false);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    expect(verifySignature(label, body, signature, { ...key, x: other.x ?? '', y: other.y ?? '' })).toBe(
      false,
    );
  });

  it('has one spelling: no padding, no other alphabet, no stray bits, no other length', () => {
    const stray = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(85) + 1);
    expect(Buffer.from(stray, 'base64url').equals(Buffer.from(signature, 'base64url'))).toBe(true);
    const raw = Buffer.from(signature, 'base64url');
    const spellings = [
      stray,
      `${signature}==`,
      ` ${signature}`,
      raw.toString('base64'),
      raw.toString('hex'),
      raw.subarray(0, 63).toString('base64url'),
      Buffer.concat([raw, Buffer.alloc(1)]).toString('base64url'),
      '',
    ];
    for (const spelling of spellings) {
      if (spelling !== signature) expect(verifySignature(label, body, spelling, key)).toBe(false);
    }
  });

  it('in DER is refused', () => {
    const der = sign('sha256', Buffer.from(`${label}\0{"a":["é",null],"b":1}`), privateKey);
    expect(verifySignature(label, body, der.toString('base64url'), key)).toBe(false);
  });

  it('of zeros, of the group order or of noise is refused', () => {
    const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
    const random = seeded(256);
    const junk: Buffer[] = [Buffer.alloc(64), Buffer.from(order + order, 'hex'), Buffer.alloc(64, 0xff)];
    for (let i = 0; i < 50; i++) junk.push(randomBuffer(random, 64));
    for (const bytes of junk)
      expect(verifySignature(label, body, bytes.toString('base64url'), key)).toBe(false);
  });

  it('with any bit flipped is refused', () => {
    const random = seeded(7);
    for (let i = 0; i < 64; i++) {
      const bytes = Buffer.from(signature, 'base64url');
      bytes[i] = (bytes[i] ?? 0) ^ (1 << below(random, 8));
      expect(verifySignature(label, body, bytes.toString('base64url'), key)).toBe(false);
    }
  });

  it('under a key that is not one is refused, not an error', () => {
    const zero = Buffer.alloc(32).toString('base64url');
    expect(verifySignature(label, body, signature, { ...key, x: zero, y: zero })).toBe(false);
    expect(verifySignature(label, body, signature, { ...key, x: '' })).toBe(false);
  });

  it('is made by handing over the digest alone', async () => {
    const seen: Uint8Array[] = [];
    const made = await signBody(label, body, (digest) => {
      seen.push(digest);
      return Promise.resolve(Buffer.from(signature, 'base64url'));
    });
    expect(made).toBe(signature);
    expect(seen).toEqual([signedDigest(label, body)]);
  });
});

describe('a thumbprint', () => {
  it('is the one in RFC 7638, section 3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3' +
      'oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA' +
      'ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-' +
      'kEgU8awapJzKnqDKgw';
    expect(jwkThumbprint({ kty: 'RSA', n, e: 'AQAB' })).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('depends on the required members only', () => {
    const more = { ...key, kid: 'x', use: 'sig' };
    expect(jwkThumbprint(more)).toBe(jwkThumbprint(key));
    expect(jwkThumbprint(key)).toBe(
      Buffer.from(sha256(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`), 'hex').toString('base64url'),
    );
  });
});
