import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Container } from '@azure/cosmos';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { connect, cosmosUnderTest, DATABASE } from './cosmos-under-test.ts';

let scratch: string;
let program: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'cosmos-kill-'));
  program = join(scratch, 'cosmos-process.js');
  await writeFile(join(scratch, 'package.json'), '{"type":"module"}');
  await build({
    entryPoints: [fileURLToPath(new URL('./cosmos-process.ts', import.meta.url))],
    outdir: scratch,
    // The making of certificates stays apart, and unloaded: they are there already.
    splitting: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(scratch, { recursive: true, force: true });
});

async function launch(dataDir: string, port: number): Promise<{ endpoint: string; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [program, dataDir, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString('utf8')));
    child.once('exit', (code) => reject(new Error(`the service ended early with ${code}`)));
  });
  const { endpoint } = JSON.parse(line) as { endpoint: string };
  return {
    endpoint,
    async kill() {
      child.kill('SIGKILL');
      await exited;
      children.delete(child);
    },
  };
}

describe('SIGKILL under concurrent writers', () => {
  it('loses nothing acknowledged, tears no batch and brings nothing deleted back', async () => {
    const dataDir = join(scratch, 'data');
    const { caPem } = await ensureTlsMaterial(join(dataDir, 'tls'));
    const agent = new Agent({ ca: caPem, keepAlive: true });
    const acknowledged = {
      created: new Set<string>(),
      batches: new Set<string>(),
      deleted: new Set<string>(),
    };
    const attempted = new Set<string>();
    let counted = 0;
    let counterAttempts = 0;
    let port = 0;

    for (let life = 0; life < 4; life += 1) {
      const service = await launch(dataDir, port);
      port = Number(new URL(service.endpoint).port);
      const client = connect(service.endpoint, agent, 'owner', {
        connectionPolicy: { requestTimeout: 5000 },
      });
      const items = client.database(DATABASE).container('durable');
      if (life === 0) await items.items.create({ id: 'counter', pk: 'count', n: 0 });
      let alive = true;
      let acknowledgedNow = 0;
      let enough = (): void => undefined;
      const reached = new Promise<void>((resolve) => (enough = resolve));
      const done = (): void => {
        acknowledgedNow += 1;
        if (acknowledgedNow === 120) enough();
      };
      const loop = async (work: (n: number) => Promise<void>): Promise<void> => {
        for (let n = 0; alive; n += 1) {
          try {
            await work(n);
            done();
          } catch (error) {
            if (alive) throw error;
          }
        }
      };
      const writers = Array.from({ length: 6 }, (_, writer) =>
        loop(async (n) => {
          const name = `${life}-${writer}-${n}`;
          const pk = `p${writer % 3}`;
          attempted.add(name);
          await items.items.create({ id: name, pk, filler: 'x'.repeat(300) });
          acknowledged.created.add(name);
          if (n % 3 === 0) {
            await items.item(name, pk).delete();
            acknowledged.deleted.add(name);
          }
        }),
      );
      writers.push(
        loop(async (n) => {
          const name = `${life}-${n}`;
          const operations = [0, 1, 2, 3].map((part) => ({
            operationType: 'Create' as const,
            resourceBody: { id: `${name}-${part}`, pk: 'batches', batch: name },
          }));
          await items.items.batch(operations, 'batches');
          acknowledged.batches.add(name);
        }),
        loop(async () => {
          counterAttempts += 1;
          await items.item('counter', 'count').patch([{ op: 'incr', path: '/n', value: 1 }]);
          counted += 1;
        }),
      );
      await reached;
      alive = false;
      await service.kill();
      client.dispose();
      await Promise.all(writers);
    }

    const service = await launch(dataDir, port);
    const client = connect(service.endpoint, agent);
    const items = client.database(DATABASE).container('durable');
    const present = new Set(await idsOf(items, 'c.pk IN ("p0", "p1", "p2")'));
    // A delete whose answer the kill swallowed may have happened: those items may be there or not.
    const mustBeThere = [...acknowledged.created].filter((id) => Number(id.split('-')[2]) % 3 !== 0);
    expect(mustBeThere.length).toBeGreaterThan(0);
    expect(mustBeThere.filter((id) => !present.has(id))).toEqual([]);
    expect([...acknowledged.deleted].filter((id) => present.has(id))).toEqual([]);
    expect([...present].filter((id) => !attempted.has(id))).toEqual([]);
    const parts = (
      await items.items.query('SELECT VALUE c.batch FROM c', { partitionKey: 'batches' }).fetchAll()
    ).resources;
    const perBatch = new Map<string, number>();
    for (const batch of parts as string[]) perBatch.set(batch, (perBatch.get(batch) ?? 0) + 1);
    expect(new Set(perBatch.values())).toEqual(new Set([4]));
    expect([...acknowledged.batches].filter((batch) => !perBatch.has(batch))).toEqual([]);
    const n: unknown = (await items.item('counter', 'count').read()).resource?.n;
    expect(n).toBeGreaterThanOrEqual(counted);
    expect(n).toBeLessThanOrEqual(counterAttempts);
    await service.kill();
    client.dispose();
    agent.destroy();
  });
});

describe('a restart', () => {
  it('keeps items, ETags, order of creation and containers, through compactions too', async () => {
    const cosmos = await cosmosUnderTest({ compactAbove: 4096 });
    const items = await cosmos.container('kept', 3600);
    for (let n = 0; n < 30; n += 1) {
      await items.items.create({ id: `${n}`, pk: n % 2, n });
      await items
        .item(`${n}`, (n % 2) as never)
        .replace({ id: `${n}`, pk: n % 2, n, filler: 'x'.repeat(200) });
      if (n % 5 === 0) await items.item(`${n}`, (n % 2) as never).delete();
    }
    const everything = async () => (await items.items.query('SELECT * FROM c').fetchAll()).resources;
    const before = await everything();
    const definition = (await items.read()).resource;
    expect((await stat(join(cosmos.dataDir, 'cosmos', 'items.log'))).size).toBeLessThan(40_000);
    await cosmos.restart();
    expect(await everything()).toEqual(before);
    expect((await items.read()).resource).toEqual(definition);
    const { etag } = await items.items.create({ id: 'new', pk: 0 });
    expect(before.map(({ _etag }) => _etag)).not.toContain(etag);
    expect((await everything()).at(-1)?.id).toBe('new');
    await cosmos.stop();
  });

  it('cuts a torn tail off and takes writes after it', async () => {
    const cosmos = await cosmosUnderTest();
    const items = await cosmos.container('torn');
    await items.items.create({ id: 'whole', pk: 'p' });
    const log = join(cosmos.dataDir, 'cosmos', 'items.log');
    const intact = (await stat(log)).size;
    await items.items.create({ id: 'torn', pk: 'p' });
    await cosmos.service.close();
    await truncate(log, intact + 25);
    await cosmos.restart();
    expect(await idsOf(items, 'true')).toEqual(['whole']);
    await items.items.create({ id: 'after', pk: 'p' });
    await cosmos.service.close();
    await appendFile(log, Buffer.alloc(11));
    await cosmos.restart();
    expect(await idsOf(items, 'true')).toEqual(['whole', 'after']);
    expect(await readdir(join(cosmos.dataDir, 'cosmos'))).toEqual(['items.log']);
    await cosmos.stop();
  });
});

async function idsOf(items: Container, filter: string): Promise<string[]> {
  return (await items.items.query(`SELECT VALUE c.id FROM c WHERE ${filter}`).fetchAll()).resources;
}
