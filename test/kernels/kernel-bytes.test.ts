import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kernelBytes } from '../../shared/kernels/generated/kernel-bytes.ts';

test('the compiled kernels are the bytes that were recorded with their sources', () => {
  const digest = createHash('sha256').update(Buffer.from(kernelBytes, 'base64')).digest('hex');
  const recorded = readFileSync(
    new URL('../../shared/kernels/kernel-bytes.sha256', import.meta.url),
    'utf8',
  ).trim();
  expect(digest, 'run `node scripts/build-kernels.mjs --record` after a change to the sources').toBe(
    recorded,
  );
});
