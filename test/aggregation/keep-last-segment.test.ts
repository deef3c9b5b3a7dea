import { describe, expect, it } from 'vitest';
import { keepLastSegment } from '../../shared/aggregation/keep-last-segment.ts';
import { FLSE } from '../../shared/sealing/floe.ts';
import { readerOf } from './sealed-set.ts';

const { headerLength, segmentLength } = FLSE;
/** Three segments, the last one short, of bytes that differ. */
const ciphertext = Buffer.from(
  Uint8Array.from({ length: headerLength + 2 * segmentLength + 1_000 }, (_, i) => (i * 31) >> 4),
);
const at = (segment: number): number => headerLength + segment * segmentLength;

function counted() {
  const fetched: [number, number][] = [];
  const plain = readerOf(ciphertext);
  const read = keepLastSegment(async (offset, target) => {
    fetched.push([offset, target.length]);
    await plain(offset, target);
  });
  const range = async (from: number, to: number): Promise<Buffer> => {
    const target = Buffer.alloc(Math.min(at(to), ciphertext.length) - at(from));
    await read(at(from), target);
    return target;
  };
  return { fetched, range };
}

describe('a reader that keeps the last segment', () => {
  it('fetches a segment once for all blocks that lie in it, also when they are asked for at once', async () => {
    const { fetched, range } = counted();
    const ranges: [number, number][] = [
      [0, 1],
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
      [2, 3],
    ];
    const read = await Promise.all(ranges.map(([from, to]) => range(from, to)));
    for (const [i, [from, to]] of ranges.entries()) {
      expect(read[i]?.equals(ciphertext.subarray(at(from), at(to)))).toBe(true);
    }
    expect(fetched).toEqual([
      [at(0), segmentLength],
      [at(1), segmentLength],
      [at(2), 1_000],
    ]);
  });

  it('reads anything else as it is', async () => {
    const { fetched, range } = counted();
    expect((await range(1, 3)).equals(ciphertext.subarray(at(1)))).toBe(true);
    expect((await range(0, 2)).equals(ciphertext.subarray(at(0), at(2)))).toBe(true);
    expect(fetched).toHaveLength(2);
  });

  it('fails where its source fails', async () => {
    const read = keepLastSegment(() => Promise.reject(new Error('gone')));
    await expect(read(at(0), Buffer.alloc(10))).rejects.toThrow('gone');
    await expect(read(at(0), Buffer.alloc(10))).rejects.toThrow('gone');
  });
});
