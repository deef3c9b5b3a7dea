import { describe, expect, it } from 'vitest';
import { readOptions } from '../../scripts/large-model/options.ts';

describe('the options of a run over a large model', () => {
  it('are 5 GB, four silos and one kill unless said otherwise', () => {
    expect(readOptions([])).toMatchObject({ bytes: 5_000_000_000, silos: 4, kills: 1, shardMib: 512 });
    expect(readOptions(['--size', '40M', '--silos', '2'])).toMatchObject({ bytes: 40_000_000, silos: 2 });
    expect(readOptions([])).toMatchObject({ mostMib: undefined });
    expect(readOptions(['--most-mib', '192'])).toMatchObject({ mostMib: 192 });
    expect(readOptions(['--help'])).toBe('help');
  });

  it.each([
    ['--size', 'large', '--size is a number of bytes from 1M to 40G, not large'],
    ['--size', '12', '--size is'],
    ['--silos', '0', '--silos is a whole number from 1 to 100, not 0'],
    ['--kills', 'x', '--kills is a whole number'],
    ['--most-mib', '0', '--most-mib is a whole number from 1 to 999999, not 0'],
  ])('refuse %s %s', (option, value, message) => {
    expect(() => readOptions([option, value])).toThrow(message);
  });
});
