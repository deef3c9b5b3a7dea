import { describe, expect, it } from 'vitest';
import { fromBf16, fromF16, toBf16, toF16 } from '../../shared/tensors/half.ts';
import { seeded } from '../sealing/seeded.ts';

const formats = [
  { name: 'F16', from: fromF16, to: toF16, infinity: 0x7c00, largest: 65_504, smallest: 2 ** -24 },
  {
    name: 'BF16',
    from: fromBf16,
    to: toBf16,
    infinity: 0x7f80,
    largest: (2 - 2 ** -7) * 2 ** 127,
    smallest: 2 ** -133,
  },
];

describe.each(formats)('$name', ({ from, to, infinity, largest, smallest }) => {
  it('takes every one of its 65,536 codes to a value and back', () => {
    for (let code = 0; code < 65_536; code++) {
      const value = from(code);
      if ((code & 0x7fff) > infinity) {
        expect(value).toBeNaN();
        expect(from(to(value))).toBeNaN();
      } else if (to(value) !== code) {
        expect.fail(`${code} became ${value} became ${to(value)}`);
      }
    }
  });

  it('has the values that the format defines', () => {
    expect(from(infinity - 1)).toBe(largest);
    expect(from(1)).toBe(smallest);
    expect(from(0x8000)).toBe(-0);
    expect(from(infinity)).toBe(Number.POSITIVE_INFINITY);
    expect(from(infinity | 0x8000)).toBe(Number.NEGATIVE_INFINITY);
    expect(to(1)).toBe(infinity === 0x7c00 ? 0x3c00 : 0x3f80);
    expect(to(-2)).toBe(infinity === 0x7c00 ? 0xc000 : 0xc000);
  });

  it('rounds every midpoint to even and its neighbours to the nearer side', () => {
    for (let code = 0; code < infinity - 1; code++) {
      const [low, high] = [from(code), from(code + 1)];
      const middle = (low + high) / 2;
      const gap = (high - low) / 2 ** 12;
      const even = code % 2 === 0 ? code : code + 1;
      const got = [to(middle), to(-middle), to(middle - gap), to(middle + gap)];
      if (got[0] !== even || got[1] !== (even | 0x8000) || got[2] !== code || got[3] !== code + 1) {
        expect.fail(`around code ${code}: ${got.join()}`);
      }
    }
  });

  it('rounds once: a float64 a hair above a midpoint goes up although float32 would see the midpoint', () => {
    const middle = (from(to(1)) + from(to(1) + 1)) / 2;
    const above = middle + 2 ** -40;
    expect(Math.fround(above)).toBe(middle);
    expect(to(above)).toBe(to(1) + 1);
  });

  it('overflows to infinity from half a unit above the largest value', () => {
    const half = largest + (largest - from(infinity - 2)) / 2;
    expect(to(half)).toBe(infinity);
    expect(to(half * (1 - 2 ** -50))).toBe(infinity - 1);
    expect(to(Number.MAX_VALUE)).toBe(infinity);
    expect(to(-Number.MAX_VALUE)).toBe(infinity | 0x8000);
    expect(to(Number.NEGATIVE_INFINITY)).toBe(infinity | 0x8000);
  });

  it('underflows to zero with its sign', () => {
    expect(to(smallest / 2)).toBe(0);
    expect(to(-smallest / 2)).toBe(0x8000);
    expect(to(smallest * 0.500001)).toBe(1);
    expect(to(5e-324)).toBe(0);
    expect(to(-0)).toBe(0x8000);
  });

  it('gives the nearest of all codes to random values', () => {
    const codes = Array.from({ length: infinity }, (_, code) => from(code));
    const random = seeded(16);
    for (let i = 0; i < 5_000; i++) {
      const value = codes[Math.floor(random() * (infinity - 1))] ?? 0;
      const between = value * (1 + random() * 2 ** -7) + random() * smallest;
      if (between > largest) continue;
      const got = codes[to(between)] ?? Number.NaN;
      const [below, above] = [
        codes[to(between) - 1] ?? -1,
        codes[to(between) + 1] ?? Number.POSITIVE_INFINITY,
      ];
      expect(Math.abs(got - between)).toBeLessThanOrEqual(
        Math.min(Math.abs(below - between), Math.abs(above - between)),
      );
    }
  });
});
