import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fetchModel, isModel } from '../../agent/fetch-model.ts';
import { startCoordinatorPeer } from './support/coordinator-peer.ts';

const bytes = Buffer.alloc(300_000, 'model');
const model = {
  version: 1,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
};

async function store(content = bytes) {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-model-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const peer = await startCoordinatorPeer(content);
  const path = join(directory, 'model');
  const fetching = (stallMs?: number) =>
    fetchModel({
      url: `${peer.url}/model`,
      model,
      path,
      signal: new AbortController().signal,
      ...(stallMs === undefined ? {} : { stallMs }),
    });
  return { peer, path, fetching };
}

test('a download goes on where a broken connection ended', async () => {
  const { peer, path, fetching } = await store();
  peer.behaviour.cuts = [100_000];
  await expect(fetching()).rejects.toThrow();
  const part = await readFile(`${path}.part`);
  expect(part.equals(bytes.subarray(0, part.length))).toBe(true);
  expect(await fetching()).toBe('fetched');
  expect((await readFile(path)).equals(bytes)).toBe(true);
  expect(peer.seen.ranges).toEqual(['all', `bytes=${part.length}-`]);
});

test('a store that ignores ranges is read from its beginning', async () => {
  const { peer, path, fetching } = await store();
  peer.behaviour.cuts = [100_000];
  peer.behaviour.ignoreRanges = true;
  await expect(fetching()).rejects.toThrow();
  expect(await fetching()).toBe('fetched');
  expect(await isModel(path, model)).toBe(true);
});

test('other bytes of the same length, a spoilt beginning and a longer file are never taken for the model', async () => {
  const { path, fetching } = await store(Buffer.alloc(bytes.length, 'other'));
  expect(await fetching()).toBe('wrong-bytes');
  expect(await isModel(path, model)).toBe(false);

  const good = await store();
  await writeFile(`${good.path}.part`, 'spoilt beginning');
  expect(await good.fetching()).toBe('wrong-bytes');
  expect(await good.fetching()).toBe('fetched');

  const longer = await store(Buffer.concat([bytes, Buffer.from('more')]));
  await expect(longer.fetching()).rejects.toThrow('more than the plan says');
});

test('a store that falls silent is given up, and an error tells no link', async () => {
  const { peer, fetching } = await store();
  peer.behaviour.silent = true;
  await expect(fetching(200)).rejects.toThrow('sent nothing for too long');
});
