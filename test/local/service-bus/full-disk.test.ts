import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleEntry, startChild } from '../core/child-process.ts';
import { limitFileSize, whyNoFullDisk } from '../file-size-limit.ts';
import { receiveOne, refusalCode } from './expectations.ts';
import { connect, freshDirectory, startNamespace, testTls } from './namespace.ts';

const missing = whyNoFullDisk();

/** The broker in a process of its own, so that its disk can be made full and nobody else's. */
async function brokerProcess() {
  const directory = await freshDirectory();
  const { certPem, keyPem } = await testTls();
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  await writeFile(cert, certPem);
  await writeFile(key, keyPem);
  const entry = await bundleEntry('test/local/service-bus/broker-process.ts');
  const settings = { port: 0, dataDir: join(directory, 'data'), cert, key, compactAbove: 1e9 };
  const start = async () => {
    const running = startChild(entry, [JSON.stringify(settings)]);
    const port = (await running.line()).replace('listening ', '');
    return {
      kill: () => running.kill(),
      pid: running.child.pid ?? 0,
      client: () => connect(`localhost:${port}`),
    };
  };
  return { start, log: join(settings.dataDir, 'service-bus', 'queues.log') };
}

describe.skipIf(missing !== undefined)(
  `a broker whose disk is full${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    it('says so, goes on delivering, loses nothing, and works again when there is room', async () => {
      const { start, log } = await brokerProcess();
      const broker = await start();
      const sb = broker.client();
      const sender = sb.createSender('q');
      const send = (...ids: string[]) =>
        sender.sendMessages(ids.map((messageId) => ({ messageId, body: 'x'.repeat(2000) })));
      await send('a', 'b', 'c');
      const receiver = sb.createReceiver('q');
      const first = await receiveOne(receiver);
      await receiver.completeMessage(first);
      const second = await receiveOne(receiver);

      limitFileSize(broker.pid, 0);
      expect(await refusalCode(send('refused'))).toBe('QuotaExceeded');
      expect(await refusalCode(send('refused', 'in a', 'batch'))).toBe('QuotaExceeded');
      expect(await refusalCode(receiver.completeMessage(second))).toBe('QuotaExceeded');
      expect((await receiveOne(receiver)).messageId).toBe('c');
      expect((await receiver.peekMessages(10)).map(({ messageId }) => messageId)).toEqual(['b', 'c']);

      // Half of the record fits.
      const { size } = await stat(log);
      limitFileSize(broker.pid, size + 1000);
      expect(await refusalCode(send('half'))).toBe('QuotaExceeded');
      // No part of the message stays; the small record that undoes it may.
      expect((await stat(log)).size).toBeLessThan(size + 200);

      limitFileSize(broker.pid, 'unlimited');
      await send('after');
      await broker.kill();

      const again = (await start()).client().createReceiver('q');
      const left = await again.peekMessages(10);
      expect(left.map(({ messageId }) => messageId)).toEqual(['b', 'c', 'after']);
    });
  },
);

describe('the log of a broker', () => {
  async function withThreeMessages() {
    const dataDir = await freshDirectory();
    const { bus, client } = await startNamespace([{ name: 'q' }], { dataDir });
    for (const messageId of ['a', 'b', 'c']) {
      await client()
        .createSender('q')
        .sendMessages({ messageId, body: 'x'.repeat(100) });
    }
    await bus.close();
    const path = join(dataDir, 'service-bus', 'queues.log');
    return { dataDir, path, whole: await readFile(path) };
  }

  it('that ends in half a record, zeros or garbage is read up to there and written on', async () => {
    const { dataDir, path, whole } = await withThreeMessages();
    const half = Buffer.concat([whole, whole.subarray(0, 40)]);
    for (const tail of [half, Buffer.concat([whole, Buffer.alloc(700)]), whole.subarray(0, -30)]) {
      await writeFile(path, tail);
      const { bus, client } = await startNamespace([], { dataDir });
      const sb = client();
      const kept = await sb.createReceiver('q').peekMessages(10);
      expect(kept.map(({ messageId }) => messageId)).toEqual(
        tail.length < whole.length ? ['a', 'b'] : ['a', 'b', 'c'],
      );
      await sb.createSender('q').sendMessages({ messageId: 'd', body: 1 });
      await bus.close();
      const next = await startNamespace([], { dataDir });
      expect(next.bus.queues()[0]).toMatchObject({ active: kept.length + 1 });
      await next.bus.close();
    }
  });

  it('that is damaged in what was acknowledged keeps the broker from starting, and is left as it is', async () => {
    const { dataDir, path, whole } = await withThreeMessages();
    const damaged = Buffer.from(whole);
    const middle = Math.floor(whole.length / 2);
    damaged.writeUInt8(damaged.readUInt8(middle) ^ 1, middle);
    await writeFile(path, damaged);
    await expect(startNamespace([], { dataDir })).rejects.toThrow(/is damaged at byte \d+/);
    expect((await readFile(path)).equals(damaged)).toBe(true);
  });
});
