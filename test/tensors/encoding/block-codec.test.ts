import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOfElements, decodeBlocks, encodeBlocks } from '../../../shared/tensors/encoding/block-codec.ts';
import { blockCodec } from '../../../shared/tensors/encoding/choose-codec.ts';
import { ENCODINGS, sent } from './encodings.ts';

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1_000, max: 1_000 });
/** Lengths around the blocks' ends. */
const tensor = fc.oneof(
  fc.array(float32, { maxLength: 600, size: 'max' }),
  fc
    .tuple(fc.integer({ min: 4_090, max: 4_110 }), fc.array(float32, { minLength: 1, maxLength: 50 }))
    .map(([length, values]) => Array.from({ length }, (_, i) => values[i % values.length] ?? 0)),
);

const f16 = blockCodec({ kind: 'f16' });
const bf16 = blockCodec({ kind: 'bf16' });
const int8 = blockCodec({ kind: 'int8' });
const topHalf = blockCodec({ kind: 'top-k', fraction: 0.5 });

describe.each(ENCODINGS)('$name', (encoding) => {
  const codec = blockCodec(encoding);

  it('takes the bytes that arithmetic says, and the same for the same values', () => {
    fc.assert(
      fc.property(tensor, (values) => {
        const [once, twice] = [values, values].map((list) => encodeBlocks(codec, Float64Array.from(list)));
        expect(once?.length).toBe(bytesOfElements(codec, values.length));
        expect(once).toEqual(twice);
      }),
    );
  });

  it('leaves what has travelled once as it is', () => {
    fc.assert(
      fc.property(tensor, (values) => {
        const arrived = sent(codec, values);
        if (arrived === undefined) throw new Error('what was encoded does not decode');
        const again = sent(codec, arrived) ?? [];
        expect(again.length).toBe(arrived.length);
        // A second scale may round in the last place of a float32.
        const moved = again.filter(
          (value, i) => !(Math.abs(value - (arrived[i] ?? 0)) <= Math.abs(value) * 2 ** -22),
        );
        expect(moved).toEqual([]);
      }),
    );
  });

  it('decodes any part that begins with a block as it decodes the whole', () => {
    const values = Float64Array.from({ length: 9_000 }, (_, i) => Math.fround(Math.sin(i * i)));
    const [whole, rest] = [new Float64Array(9_000), new Float64Array(9_000 - codec.blockElements)];
    const encoded = encodeBlocks(codec, values);
    expect(decodeBlocks(codec, encoded, whole)).toBe(true);
    expect(decodeBlocks(codec, encoded.subarray(codec.blockBytes(codec.blockElements)), rest)).toBe(true);
    expect(rest).toEqual(whole.subarray(codec.blockElements));
  });

  it('takes zeros for zeros, and nothing for nothing', () => {
    expect(
      sent(
        codec,
        Array.from({ length: 300 }, () => 0),
      ),
    ).toEqual(Array.from({ length: 300 }, () => 0));
    expect(sent(codec, [])).toEqual([]);
  });

  it('never lets a number that is not finite arrive as one that is', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const arrived = sent(codec, [1, 2, bad, 4]);
      expect(arrived?.every(Number.isFinite) ?? false).toBe(false);
    }
  });
});

it('f16 and bf16 round to nearest, ties to even', () => {
  expect(sent(f16, [1 + 2 ** -11, 1 + 3 * 2 ** -11, -2_049, 2 ** -25])).toEqual([1, 1 + 2 ** -9, -2_048, 0]);
  expect(sent(bf16, [1 + 2 ** -8, 1 + 3 * 2 ** -8, 3e38])).toEqual([1, 1 + 2 ** -6, 226 * 2 ** 120]);
});

it('f16 has no number above 65504', () => {
  expect(sent(f16, [65_504, 65_519])).toEqual([65_504, 65_504]);
  expect(sent(f16, [65_520])).toEqual([Number.POSITIVE_INFINITY]);
});

it('int8 is a scale and whole numbers of it', () => {
  const encoded = encodeBlocks(int8, Float64Array.of(127, -64, 0.5, 1.5, 0.4));
  expect(encoded).toEqual(Buffer.from([0, 0, 128, 63, 127, 256 - 64, 0, 2, 0]));
  expect(sent(int8, [127, -64, 0.5, 1.5, 0.4])).toEqual([127, -64, 0, 2, 0]);
});

it('int8 is wrong by half a scale of its block at most', () => {
  fc.assert(
    fc.property(tensor, (values) => {
      const arrived = sent(int8, values) ?? [];
      for (let from = 0; from < values.length; from += 256) {
        const block = values.slice(from, from + 256);
        const scale = Math.max(...block.map(Math.abs)) / 127;
        // Rounding the scale to a float32 moves 127 of it by 127 half units in its last place; below, by its least.
        const slack = scale * 127 * 2 ** -24 + 127 * 2 ** -150;
        const errors = block.map((value, i) => Math.abs((arrived[from + i] ?? 0) - value));
        expect(Math.max(...errors)).toBeLessThanOrEqual(scale / 2 + slack);
      }
    }),
  );
});

it('top-k is positions in order and then numbers, the first of equals', () => {
  const encoded = encodeBlocks(topHalf, Float64Array.of(1, -3, 2, 2));
  const numbers = Buffer.from(Float32Array.of(-3, 2).buffer);
  expect(encoded).toEqual(Buffer.concat([Buffer.from([1, 0, 2, 0]), numbers]));
  expect(sent(topHalf, [1, -3, 2, 2])).toEqual([0, -3, 2, 0]);
});

it('no element that top-k leaves out is larger than one that it keeps', () => {
  fc.assert(
    fc.property(tensor, (values) => {
      const arrived = sent(topHalf, values) ?? [];
      for (let from = 0; from < values.length; from += 4_096) {
        const block = values.slice(from, from + 4_096);
        const kept = block.filter((_, i) => arrived[from + i] !== 0).map(Math.abs);
        const left = block.filter((_, i) => arrived[from + i] === 0).map(Math.abs);
        expect(kept.length).toBeLessThanOrEqual(Math.ceil(block.length / 2));
        expect(Math.max(0, ...left)).toBeLessThanOrEqual(Math.min(Number.MAX_VALUE, ...kept));
      }
    }),
  );
});

describe('bytes that no encoder writes', () => {
  const entries = (...positions: number[]): Buffer =>
    Buffer.concat([Buffer.from(Uint16Array.from(positions).buffer), Buffer.alloc(4 * positions.length, 1)]);
  const scaled = (scale: number, ...codes: number[]): Buffer =>
    Buffer.concat([Buffer.from(Float32Array.of(scale).buffer), Buffer.from(Int8Array.from(codes).buffer)]);

  it.each([
    ['a scale that is NaN', int8, scaled(Number.NaN, 1, 2), 2],
    ['a scale that is infinite', int8, scaled(Number.POSITIVE_INFINITY, 0, 0), 2],
    ['a scale below 0', int8, scaled(-1, 1, 2), 2],
    ['the code -128', int8, scaled(1, 1, -128), 2],
    ['a position twice', topHalf, entries(1, 1), 4],
    ['positions that go back', topHalf, entries(2, 1), 4],
    ['a position at the end', topHalf, entries(1, 4), 4],
    ['a position far off', topHalf, entries(0, 65_535), 4],
  ])('%s do not decode', (_, codec, bytes, elements) => {
    expect(decodeBlocks(codec, bytes, new Float64Array(elements))).toBe(false);
  });

  it('either decode to as many elements or are refused, whatever they are', () => {
    for (const codec of [f16, bf16, int8, topHalf]) {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 300 }), fc.infiniteStream(fc.nat(255)), (elements, stream) => {
          const bytes = Uint8Array.from(stream.take(bytesOfElements(codec, elements)));
          const values = new Float64Array(elements);
          expect(typeof decodeBlocks(codec, bytes, values)).toBe('boolean');
        }),
      );
    }
  });
});
