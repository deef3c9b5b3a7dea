import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ciphertextLength,
  FLSE,
  FloeRefused,
  segmentCount,
  startOpening,
  startSealing,
} from '../../shared/sealing/floe.ts';

const folder = new URL('vectors/floe/', import.meta.url);
const pairs = readdirSync(folder)
  .filter((name) => name.endsWith('_ct.txt'))
  .map((name) => name.slice(0, -'_ct.txt'.length));
const key = Buffer.alloc(32);
const associatedData = Buffer.from('This is AAD');

function hexFile(name: string): Buffer {
  return Buffer.from(readFileSync(new URL(name, folder), 'utf8').trim(), 'hex');
}

/** Cuts a ciphertext by its length words. */
function segmentsOf(ciphertext: Buffer, segmentLength: number): Buffer[] {
  const segments: Buffer[] = [];
  for (let at = FLSE.headerLength; ; ) {
    const length = ciphertext.readUInt32BE(at) === 0xffffffff ? segmentLength : ciphertext.length - at;
    segments.push(ciphertext.subarray(at, at + length));
    at += length;
    if (at === ciphertext.length) return segments;
  }
}

function vector(name: string) {
  const ciphertext = hexFile(`${name}_ct.txt`);
  const segmentLength = ciphertext.readUInt32BE(2);
  const parameters = { segmentLength, rotationMask: name.includes('rotation') ? 2 : 20 };
  const header = ciphertext.subarray(0, FLSE.headerLength);
  const segments = segmentsOf(ciphertext, segmentLength);
  return { plaintext: hexFile(`${name}_pt.txt`), ciphertext, parameters, header, segments };
}

it('finds all 17 published pairs', () => {
  expect(pairs).toHaveLength(17);
});

describe.each(pairs)('the published pair %s', (name) => {
  const { plaintext, ciphertext, parameters, header, segments } = vector(name);
  const last = segments.length - 1;

  it('opens from the first segment to the last', () => {
    const opener = startOpening({ key, associatedData, header, parameters });
    const opened = segments.map((segment, i) => opener.open(i, segment, i === last));
    expect(Buffer.concat(opened).equals(plaintext)).toBe(true);
  });

  it('opens by single segments from the last to the first', () => {
    const opener = startOpening({ key, associatedData, header, parameters });
    const opened = segments.map((segment, i) => ({ segment, i })).reverse();
    const backwards = opened.map(({ segment, i }) => opener.open(i, segment, i === last));
    expect(Buffer.concat(backwards.reverse()).equals(plaintext)).toBe(true);
  });

  it('is what sealing makes of the same plaintext, IV and nonces', () => {
    const randomness = [header.subarray(10, 42), ...segments.map((segment) => segment.subarray(4, 16))];
    const random = (length: number): Buffer => {
      const next = randomness.shift();
      if (next?.length !== length) throw new Error('unexpected use of randomness');
      return next;
    };
    const sealer = startSealing({ key, associatedData, parameters, random });
    const size = parameters.segmentLength - FLSE.segmentOverhead;
    const sealed = segments.map((_, i) =>
      sealer.seal(plaintext.subarray(i * size, (i + 1) * size), i === last),
    );
    expect(Buffer.concat([sealer.header, ...sealed]).equals(ciphertext)).toBe(true);
  });

  it('does not open under another key or other associated data', () => {
    const wrongKey = Buffer.alloc(32, 1);
    expect(() => startOpening({ key: wrongKey, associatedData, header, parameters })).toThrow(FloeRefused);
    const other = Buffer.from('This is another AAD');
    expect(() => startOpening({ key, associatedData: other, header, parameters })).toThrow(FloeRefused);
  });
});

describe('a segment', () => {
  const { parameters, header, segments } = vector('go_GCM256_IV256_64');
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = segments;
  const opener = startOpening({ key, associatedData, header, parameters });
  const segmentTag = expect.objectContaining({ slug: 'segment-tag' }) as Error;

  it('does not open at another position', () => {
    expect(() => opener.open(1, first, false)).toThrow(segmentTag);
  });

  it('does not open as the last one when it is not, nor the other way round', () => {
    const asFinal = Buffer.from(first);
    asFinal.writeUInt32BE(asFinal.length, 0);
    expect(() => opener.open(0, asFinal, true)).toThrow(segmentTag);
    expect(() => opener.open(0, first, true)).toThrow(segmentTag);
    const last = segments.length - 1;
    expect(() => opener.open(last, segments[last] ?? first, false)).toThrow(segmentTag);
  });

  it('does not open cut short, empty or grown', () => {
    expect(() => opener.open(0, first.subarray(0, 63), false)).toThrow(segmentTag);
    expect(() => opener.open(0, Buffer.alloc(0), true)).toThrow(segmentTag);
    expect(() => opener.open(0, Buffer.concat([first, second]), false)).toThrow(segmentTag);
  });

  it('does not open once the keys are wiped', () => {
    const other = startOpening({ key, associatedData, header, parameters });
    other.wipe();
    expect(() => other.open(0, first, false)).toThrow('wiped');
  });
});

describe('sealing', () => {
  it('refuses a short segment before the last, a long one, and any after the last', () => {
    const start = () => startSealing({ key, associatedData, parameters: { segmentLength: 64 } });
    expect(() => start().seal(Buffer.alloc(31), false)).toThrow(RangeError);
    expect(() => start().seal(Buffer.alloc(33), true)).toThrow(RangeError);
    const ended = start();
    ended.seal(Buffer.alloc(32), true);
    expect(() => ended.seal(Buffer.alloc(32), true)).toThrow(RangeError);
  });

  it('never makes the same bytes twice', () => {
    const make = () => startSealing({ key, associatedData, parameters: FLSE });
    expect(make().header.equals(make().header)).toBe(false);
  });

  it('refuses keys that are not 32 bytes', () => {
    const short = Buffer.alloc(16);
    expect(() => startSealing({ key: short, associatedData, parameters: FLSE })).toThrow(RangeError);
  });
});

it.each([
  [0, 1, 106],
  [1, 1, 107],
  [262_111, 1, 262_217],
  [262_112, 1, 262_218],
  [262_113, 2, 262_251],
  [524_224, 2, 524_362],
  [524_225, 3, 524_395],
])('a plaintext of %i bytes takes %i segments and %i bytes', (plaintext, segments, bytes) => {
  expect(segmentCount(plaintext)).toBe(segments);
  expect(ciphertextLength(plaintext)).toBe(bytes);
});
