import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { expectedDigest, fileOf } from './model-pieces.ts';
import { readOptions } from './options.ts';

describe('the options of a run over a large model', () => {
  it('are 5 GB, four silos and one kill unless said otherwise', () => {
    expect(readOptions([])).toMatchObject({ elements: 1_250_000_000, silos: 4, kills: 1, shardMib: 512 });
    expect(readOptions(['--size', '40M', '--silos', '2'])).toMatchObject({ elements: 10_000_000, silos: 2 });
    expect(readOptions(['--help'])).toBe('help');
  });

  it.each([
    ['--size', 'large', '--size is a number of bytes from 4K to 40G, not large'],
    ['--size', '12', '--size is'],
    ['--silos', '0', '--silos is a whole number from 1 to 100, not 0'],
    ['--kills', 'x', '--kills is a whole number'],
  ])('refuse %s %s', (option, value, message) => {
    expect(() => readOptions([option, value])).toThrow(message);
  });
});

describe('the arithmetic apart', () => {
  it('is the base plus the weighted mean, in a file of the same layout', async () => {
    const numbers = async (seed: number): Promise<number[]> => {
      const parts: Uint8Array[] = [];
      for await (const part of fileOf(3, seed)) parts.push(part.slice());
      return [...new Float32Array(parts[1]?.slice().buffer ?? new ArrayBuffer(0))];
    };
    const [base = [], one = [], two = []] = [await numbers(0), await numbers(1), await numbers(2)];
    const mean = base.map((value, i) => value + (2 * (one[i] ?? 0) + 3 * (two[i] ?? 0)) / 5);
    const hash = createHash('sha256');
    for await (const part of fileOf(3, 0)) {
      hash.update(part.length === 12 ? new Uint8Array(Float32Array.from(mean).buffer) : part);
    }
    expect(expectedDigest(3, [2, 3])).toBe(hash.digest('hex'));
  });
});
