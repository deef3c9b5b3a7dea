import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contentOf, saveVerified } from '../../cli/verified-download.ts';
import { ensureTlsMaterial } from '../../local/core/tls.ts';

const content = randomBytes(400_000);
const sha256 = createHash('sha256').update(content).digest('hex');

/** A store that gives ranges and breaks one connection after each of `cuts` bytes. */
async function store(cuts: number[], status?: number) {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-download-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const tls = await ensureTlsMaterial(directory);
  const ranges: (string | undefined)[] = [];
  const options: ServerOptions = { key: tls.keyPem, cert: tls.certPem };
  const server = createServer(options, (request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    if (status !== undefined) return void response.writeHead(status).end();
    const rest = content.subarray(Number(/\d+/.exec(range ?? '')?.[0] ?? 0));
    response.writeHead(range === undefined ? 200 : 206, { 'content-length': rest.length });
    const cut = cuts.shift();
    if (cut === undefined) return void response.end(rest);
    response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 50));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const answer = new Response(null, { status: 307, headers: { location: `https://127.0.0.1:${port}/m` } });
  const path = join(directory, 'model.safetensors');
  return {
    ranges,
    path,
    directory,
    download: async () => saveVerified(await contentOf(answer, tls.caFile), path, sha256),
  };
}

test('a download goes on where its connection broke, more than once', async () => {
  const { download, path, ranges } = await store([100_000, 50_000]);
  await download();
  expect((await readFile(path)).equals(content)).toBe(true);
  expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=150000-']);
});

test('a store that refuses is asked once, and nothing is left behind', async () => {
  const { download, directory, ranges } = await store([], 403);
  const before = await readdir(directory);
  await expect(download()).rejects.toThrow('the storage account answered 403');
  expect(ranges).toHaveLength(1);
  expect(await readdir(directory)).toEqual(before);
});

test('connections that bring nothing are given up', async () => {
  const { download, ranges } = await store([0, 0, 0, 0, 0]);
  await expect(download()).rejects.toThrow();
  expect(ranges).toHaveLength(3);
});
