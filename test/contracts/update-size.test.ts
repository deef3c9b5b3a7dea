import { expect, test } from 'vitest';
import { BLOCK_BYTES as agentBlock } from '../../agent/azure/blob-update-container.ts';
import { blockBytes } from '../../shared/azure/block-upload.ts';
import { experimentSpec } from '../../shared/contracts/spec.ts';
import { ciphertextLength } from '../../shared/sealing/floe.ts';

const LARGEST = 64 * 2 ** 30;
const parse = (maxUpdateBytes: number) =>
  experimentSpec.safeParse({
    name: 'large',
    silos: ['north'],
    rounds: 1,
    initialModel: { kind: 'init', silo: 'north' },
    training: { maxUpdateBytes },
  });

test('an update may have 64 GiB and not a byte more', () => {
  expect(parse(LARGEST).success).toBe(true);
  const refused = parse(LARGEST + 1);
  expect(refused.error?.issues[0]?.path).toEqual(['training', 'maxUpdateBytes']);
});

test('the largest update fits a blob of 50,000 blocks: sealed, and as an optimiser keeps state of it', () => {
  expect(Math.ceil(ciphertextLength(LARGEST) / agentBlock)).toBeLessThan(50_000);
  let room = 0;
  for (let block = 0; block < 50_000; block++) room += blockBytes(block);
  expect(room).toBeGreaterThan(2 * LARGEST);
  expect(Math.floor(room / 2 ** 30)).toBe(179);
});
