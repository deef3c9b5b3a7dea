import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictMembers } from '../../shared/contracts/strict-json.ts';
import { parseStrictJson, StrictJsonError } from '../../shared/sealing/canonical-json.ts';
import { below, seeded } from './seeded.ts';

const limits = { maxDepth: 8, maxBytes: 4_096 };
const parse = (text: string): unknown => parseStrictJson(text, limits);

it('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 2 }), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      fc.pre(text.length < 1_000 && !text.includes('__proto__'));
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
  );
});

it('accepts no text that JSON.parse refuses, and reads the rest alike', () => {
  const base = JSON.stringify({ a: [1, -0.5e3, true, null, 'x\n\u00e9"'], b: { c: {}, d: [] }, é: '😀' });
  const alphabet = '{}[]",:\\/ \t\n0123456789.eE+-truefalsnbé\ud800\u0000\u0001';
  const random = seeded(8785);
  for (let i = 0; i < 20_000; i++) {
    const at = below(random, base.length);
    const put = alphabet.charAt(below(random, alphabet.length));
    const text = base.slice(0, at) + put + base.slice(at + below(random, 3));
    let lenient: unknown;
    let strict: unknown;
    try {
      lenient = JSON.parse(text);
    } catch {}
    try {
      strict = parse(text);
    } catch (error) {
      expect(error).toBeInstanceOf(StrictJsonError);
    }
    if (strict !== undefined) expect(strict, text).toEqual(lenient);
  }
});

describe('a strict text', () => {
  it.each([
    ['a repeated key', '{"a":1,"a":1}'],
    ['a key repeated under an escape', '{"a":1,"\\u0061":2}'],
    ['a repeated key far down', '[{"b":{"a":1,"c":2,"a":3}}]'],
    ['a prototype', '{"__proto__":{"admin":true}}'],
    ['a prototype under an escape', '{"__pr\\u006fto__":1}'],
    ['a lone surrogate', '"\\ud800"'],
    ['surrogates the wrong way round', '"\\udc00\\ud800"'],
    ['a lone surrogate in a key', '{"\\udfff":1}'],
    ['a number without a value', '1e999'],
    ['a leading zero', '01'],
    ['a plus sign', '+1'],
    ['a bare fraction', '.5'],
    ['NaN', 'NaN'],
    ['a trailing comma', '[1,]'],
    ['a missing comma', '[1 2]'],
    ['a comment', '[1]//'],
    ['a second document', '{}{}'],
    ['nothing', ''],
    ['only space', '  '],
    ['a byte order mark', '\ufeff{}'],
    ['a bare control character', '"\u0001"'],
    ['an unknown escape', '"\\x41"'],
    ['an escape from Object', '"\\constructor"'],
    ['a short escape', '"\\u12"'],
    ['an escape with signs', '"\\u+123"'],
    ['a string without end', '"abc'],
    ['an object without end', '{"a":1'],
    ['a key that is not a string', '{a:1}'],
  ])('with %s is refused', (_, text) => {
    expect(() => parse(text)).toThrow(StrictJsonError);
  });

  it('is refused beyond the depth, however deep it goes', () => {
    expect(parse('[[[[[[[[1]]]]]]]]')).toBeTruthy();
    expect(() => parse('[[[[[[[[[1]]]]]]]]]')).toThrow('nested deeper than 8');
    const deep = '['.repeat(1_000_000);
    expect(() => parseStrictJson(deep, { maxDepth: 8, maxBytes: 2 ** 21 })).toThrow(StrictJsonError);
  });

  it('is refused beyond the size, counted in UTF-8 bytes', () => {
    expect(parseStrictJson('"é"', { maxDepth: 1, maxBytes: 4 })).toBe('é');
    expect(() => parseStrictJson('"é"', { maxDepth: 1, maxBytes: 3 })).toThrow('larger than 3 bytes');
  });

  it('keeps names that objects inherit as plain members', () => {
    expect(parse('{"constructor":1,"toString":2}')).toEqual({ constructor: 1, toString: 2 });
  });
});

it('gives members in the order of the text, even keys that look like indexes', () => {
  const members = parseStrictMembers(' {"1":"b", "0":"a", "x":{"z":1}} ', limits);
  expect(members).toEqual([
    ['1', 'b'],
    ['0', 'a'],
    ['x', { z: 1 }],
  ]);
  expect(() => parseStrictMembers('[1]', limits)).toThrow(StrictJsonError);
  expect(() => parseStrictMembers('{"a":1,"a":2}', limits)).toThrow('duplicate key');
});
