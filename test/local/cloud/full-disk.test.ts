/** A cloud whose disk is full: clear refusals, nothing lost, nothing half done, and work again when there is room. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitFileSize, whyNoFullDisk } from '../file-size-limit.ts';
import { type CloudProcess, startCloudProcess } from './cloud-process.ts';

const missing = whyNoFullDisk();

describe.skipIf(missing !== undefined)(
  `a full disk${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let cloud: CloudProcess;
    beforeAll(async () => {
      cloud = await startCloudProcess();
    });
    afterAll(() => cloud.remove());

    async function whileFull<T>(run: () => Promise<T>, room = 0): Promise<T> {
      limitFileSize(cloud.pid(), room);
      try {
        return await run();
      } finally {
        limitFileSize(cloud.pid(), 'unlimited');
      }
    }

    it('refuses blobs with 503 ServerBusy, still reads, and keeps what was acknowledged and nothing else', async () => {
      const { coordinator } = cloud;
      const models = (name: string) => coordinator.blob('models', name);
      await models('before').upload('kept', 4);
      await models('staged').stageBlock('AAAA', 'kept', 4);
      await whileFull(async () => {
        const busy = { statusCode: 503, code: 'ServerBusy' };
        await expect(models('refused').upload('x', 1)).rejects.toMatchObject(busy);
        await expect(models('staged').stageBlock('BBBB', 'x', 1)).rejects.toMatchObject(busy);
        await expect(models('staged').commitBlockList(['AAAA'])).rejects.toMatchObject(busy);
        expect((await models('before').downloadToBuffer()).toString()).toBe('kept');
      });
      // In the middle of a body, too: half of it had been written.
      const large = randomBytes(3 * 1024 * 1024);
      await whileFull(
        async () => {
          await expect(models('half').upload(large, large.length)).rejects.toMatchObject({ statusCode: 503 });
        },
        2 * 1024 * 1024,
      );
      await models('after').upload('works', 5);
      await models('staged').commitBlockList(['AAAA']);
      await cloud.killAndRestart();
      expect((await models('before').downloadToBuffer()).toString()).toBe('kept');
      expect((await models('staged').downloadToBuffer()).toString()).toBe('kept');
      expect((await models('after').downloadToBuffer()).toString()).toBe('works');
      expect([await models('refused').exists(), await models('half').exists()]).toEqual([false, false]);
    });

    it('refuses items with 503, still reads and queries, and a record cut short leaves no trace', async () => {
      const items = cloud.coordinator.cosmos('experiments');
      const item = (id: string, text = '') => ({ id, experimentId: 'full', text });
      await items.items.create(item('before'));
      const refusal = { code: 503 };
      await whileFull(async () => {
        await expect(items.items.create(item('refused'))).rejects.toMatchObject(refusal);
        const batch = items.items.batch([{ operationType: 'Create', resourceBody: item('batched') }], 'full');
        await expect(batch).rejects.toThrow(/could not be made durable/);
        expect((await items.item('before', 'full').read()).resource?.id).toBe('before');
      });
      const log = join(cloud.dataDir, 'cloud', 'cosmos', 'items.log');
      const { length } = await readFile(log);
      await whileFull(async () => {
        await expect(items.items.create(item('half', 'x'.repeat(5000)))).rejects.toMatchObject(refusal);
      }, length + 100);
      await items.items.create(item('after'));
      await cloud.killAndRestart();
      const query = 'SELECT VALUE c.id FROM c ORDER BY c.id';
      const { resources } = await items.items.query(query, { partitionKey: 'full' }).fetchAll();
      expect(resources).toEqual(['after', 'before']);
    });

    it('refuses to make, change or use keys that it cannot note down, and every key is whole afterwards', async () => {
      const { keys, crypto, kid } = cloud.silo();
      const digest = Buffer.alloc(32, 5);
      const before = await keys.getKey('sig');
      await whileFull(async () => {
        const full = { statusCode: 503 };
        await expect(crypto.sign('ES256', digest)).rejects.toMatchObject(full);
        await expect(keys.getKey('sig')).rejects.toMatchObject(full);
      });
      expect((await crypto.sign('ES256', digest)).result).toHaveLength(64);
      await cloud.killAndRestart();
      expect((await cloud.silo().keys.getKey('sig')).id).toBe(before.id);
      expect((await cloud.silo().crypto.sign('ES256', digest)).keyID).toBe(kid);
    });

    it('makes no half a silo: what could not be made is made when there is room', async () => {
      expect(await whileFull(() => cloud.makeSilo('b'))).toMatchObject({ status: 500 });
      await cloud.killAndRestart();
      const { status, body } = await cloud.makeSilo('b');
      expect([status, body]).toEqual([200, expect.objectContaining({ silo: 'b', kek: expect.any(String) })]);
    });
  },
);
