import { appendFile, copyFile, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AppendLogOptions, openAppendLog } from '../../../local/core/append-log.ts';
import { bundleEntry, startChild } from './child-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A log of `key=value` records and the map that they set. */
async function openStore(directory: string, more: Partial<AppendLogOptions> = {}) {
  const state = new Map<string, string>();
  const seen: string[] = [];
  const apply = (record: string) => {
    const [key = '', value = ''] = record.split('=');
    state.set(key, value);
  };
  const log = await openAppendLog({
    directory,
    name: 'store',
    replay: (record) => {
      seen.push(record.toString());
      apply(record.toString());
    },
    snapshot: function* () {
      for (const [key, value] of state) yield Buffer.from(`${key}=${value}`);
    },
    ...more,
  });
  const put = async (key: string, value: string) => {
    await log.append(Buffer.from(`${key}=${value}`));
    apply(`${key}=${value}`);
  };
  return { log, state, seen, put };
}

test('records come back in the order of the calls, whatever waited together', async () => {
  const directory = await temporaryDirectory();
  const first = await openStore(directory);
  const wanted = Array.from({ length: 500 }, (_, index) => `k${index}=v`);
  await Promise.all(wanted.map((record) => first.log.append(Buffer.from(record))));
  await first.log.append(new Uint8Array());
  await first.log.close();
  const second = await openStore(directory);
  expect(second.seen).toEqual([...wanted, '']);
  await second.log.close();
});

test('a tail torn at any byte is cut off and everything acknowledged before it stays', async () => {
  const directory = await temporaryDirectory();
  const { log, put } = await openStore(directory);
  await put('a', '1');
  await put('b', '2');
  const intact = log.bytes;
  await put('c', '3');
  const full = log.bytes;
  await log.close();
  const path = join(directory, 'store.log');
  await copyFile(path, `${path}.whole`);
  for (let length = intact; length < full; length += 1) {
    await copyFile(`${path}.whole`, path);
    await truncate(path, length);
    const again = await openStore(directory);
    expect(again.seen, `cut at ${length}`).toEqual(['a=1', 'b=2']);
    await again.put('d', '4');
    await again.log.close();
    const third = await openStore(directory);
    expect(third.seen).toEqual(['a=1', 'b=2', 'd=4']);
    await third.log.close();
  }
});

test('zeros and garbage after the last record, as a crashed file system leaves them, are cut off', async () => {
  for (const tail of [Buffer.alloc(5000), Buffer.from('TRLGTRLG'.repeat(100)), Buffer.alloc(3, 255)]) {
    const directory = await temporaryDirectory();
    const { log, put } = await openStore(directory);
    await put('a', '1');
    await log.close();
    await appendFile(join(directory, 'store.log'), tail);
    const again = await openStore(directory);
    expect(again.seen).toEqual(['a=1']);
    expect(again.log.bytes).toBe((await stat(join(directory, 'store.log'))).size);
    await again.log.close();
  }
});

test('a flipped bit in an acknowledged record refuses the log instead of losing what follows', async () => {
  const directory = await temporaryDirectory();
  const { log, put } = await openStore(directory);
  await put('a', '1');
  const start = log.bytes;
  await put('b', '2');
  const end = log.bytes;
  await put('c', '3');
  await log.close();
  const path = join(directory, 'store.log');
  const whole = await readFile(path);
  for (let at = start; at < end; at += 1) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
    await writeFile(path, damaged);
    await expect(openStore(directory), `byte ${at}`).rejects.toThrow(/damaged at byte/);
    expect(await readFile(path)).toEqual(damaged);
  }
});

test('the log is rewritten from the snapshot when it has grown, and damage to the snapshot is noticed', async () => {
  const directory = await temporaryDirectory();
  const { log, put, state } = await openStore(directory, { compactAbove: 2000 });
  for (let index = 0; index < 400; index += 1) await put(`k${index % 7}`, `${index}`);
  await log.close();
  expect(log.bytes).toBeLessThan(3000);
  const again = await openStore(directory, { compactAbove: 2000 });
  expect(again.state).toEqual(state);
  await again.log.close();
  const path = join(directory, 'store.log');
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(21) ^ 1, 21);
  await writeFile(path, bytes);
  await expect(openStore(directory)).rejects.toThrow(/damaged/);
});

test('records that many callers append while the log is rewritten are all there afterwards', async () => {
  const directory = await temporaryDirectory();
  const { log, put, state } = await openStore(directory, { compactAbove: 1500 });
  const callers = Array.from({ length: 16 }, async (_, caller) => {
    for (let index = 0; index < 60; index += 1) await put(`${caller}/${index % 5}`, `${index}`);
  });
  await Promise.all(callers);
  await log.close();
  const again = await openStore(directory);
  expect(again.state).toEqual(state);
  expect(again.state.size).toBe(80);
  await again.log.close();
});

test('a rewrite that a crash interrupted leaves the old log in force', async () => {
  const directory = await temporaryDirectory();
  const { log, put } = await openStore(directory);
  await put('a', '1');
  await log.close();
  await writeFile(join(directory, 'store.log.new'), 'half a snapshot');
  const again = await openStore(directory);
  expect(again.seen).toEqual(['a=1']);
  await expect(stat(join(directory, 'store.log.new'))).rejects.toThrow();
  await again.log.close();
});

test('records larger than the read window and the batch survive', async () => {
  const directory = await temporaryDirectory();
  const { log } = await openStore(directory);
  const large = Buffer.alloc(9 * 1024 * 1024, 'x');
  await Promise.all([log.append(Buffer.from('a=1')), log.append(large), log.append(Buffer.from('b=2'))]);
  await log.close();
  const lengths: number[] = [];
  const again = await openStore(directory, { replay: (record) => lengths.push(record.length) });
  expect(lengths).toEqual([3, large.length, 3]);
  await again.log.close();
});

test('a full disk refuses the record and the log works again when there is room', async () => {
  // /dev/full takes opens and answers every write with ENOSPC, so it stands for the disk through a swapped handle.
  const directory = await temporaryDirectory();
  const { log, put } = await openStore(directory);
  await put('a', '1');
  const full = await open('/dev/full', 'r+');
  const prototype = Object.getPrototypeOf(full) as { write: typeof full.write };
  const write = prototype.write;
  prototype.write = () => full.writeFile('x') as never;
  try {
    await expect(put('b', '2')).rejects.toMatchObject({ name: 'DiskFull' });
  } finally {
    prototype.write = write;
    await full.close();
  }
  await put('c', '3');
  await log.close();
  const again = await openStore(directory);
  expect(again.seen).toEqual(['a=1', 'c=3']);
  await again.log.close();
});

test('a sync that failed closes the log for good, since nobody knows what is on disk', async () => {
  const directory = await temporaryDirectory();
  const { log, put } = await openStore(directory);
  await put('a', '1');
  const handle = await open(join(directory, 'store.log'), 'r');
  const prototype = Object.getPrototypeOf(handle) as { datasync: typeof handle.datasync };
  const datasync = prototype.datasync;
  prototype.datasync = () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  await expect(put('b', '2')).rejects.toThrow(/EIO/);
  prototype.datasync = datasync;
  await handle.close();
  await expect(put('c', '3')).rejects.toThrow(/opened anew/);
  await log.close();
});

test('close waits for the records at hand and refuses later ones', async () => {
  const directory = await temporaryDirectory();
  const { log } = await openStore(directory);
  const pending = Promise.all(['a=1', 'b=2'].map((record) => log.append(Buffer.from(record))));
  await log.close();
  await pending;
  await expect(log.append(Buffer.from('c=3'))).rejects.toThrow(/closed/);
  const again = await openStore(directory);
  expect(again.seen).toEqual(['a=1', 'b=2']);
  await again.log.close();
});

test('no count acknowledged before SIGKILL is missing afterwards, in mid-write or in mid-rewrite', async () => {
  const directory = await temporaryDirectory();
  const file = await bundleEntry('test/local/core/killed-log.ts');
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < 8; round += 1) {
    const child = startChild(file, [directory]);
    const found = JSON.parse(await child.line()) as Record<string, number>;
    for (const [writer, count] of acknowledged) {
      // One more may have been written and not acknowledged.
      expect([count, count + 1], `${writer} in round ${round}`).toContain(found[writer]);
    }
    for (let lines = 0; lines < 700; lines += 1) {
      const [writer = '', count = ''] = (await child.line()).split(' ');
      acknowledged.set(writer, Number(count));
    }
    await child.kill();
    for await (const line of child.rest()) {
      const [writer = '', count = ''] = line.split(' ');
      acknowledged.set(writer, Number(count));
    }
  }
  expect(Math.min(...acknowledged.values())).toBeGreaterThan(200);
});
