import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundUpwards } from '../../shared/aggregation/deployed-files.ts';

describe('a file of the built app', () => {
  let root = '';
  const url = (...path: string[]): URL => pathToFileURL(join(root, ...path));
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'deployed-'));
    for (const folder of ['built', 'a/built', 'a/b/c']) await mkdir(join(root, folder), { recursive: true });
    for (const file of ['built/worker.js', 'a/built/worker.js']) await writeFile(join(root, file), '');
  });
  afterAll(() => rm(root, { recursive: true }));

  it('is the nearest upwards of a module', () => {
    expect(foundUpwards('built/worker.js', url('a/b/c/')).href).toBe(url('a/built/worker.js').href);
    expect(foundUpwards('built/worker.js', url('a/')).href).toBe(url('a/built/worker.js').href);
    expect(foundUpwards('built/worker.js', url('./')).href).toBe(url('built/worker.js').href);
  });

  it('is missed, with what to do, where nothing up to the root holds it', () => {
    expect(() => foundUpwards('never-built/worker.js', url('a/b/'))).toThrow(
      'never-built/worker.js is not there: build the app first (npm run build).',
    );
  });
});
