import { describe, expect, it } from 'vitest';
import type { Container } from '../../../local/cosmos/container-state.ts';
import { createPartitionWriter } from '../../../local/cosmos/partition-writer.ts';

function emptyContainer(): Container {
  const database = { name: 'd', number: 1, createdAt: 0, containers: new Map() };
  return {
    database,
    name: 'c',
    number: 1,
    definition: { partitionKeyPath: '/pk' },
    changedAt: 0,
    partitions: new Map(),
    visibleLsn: 0,
    lastLsn: 0,
    lastOrdinal: 0,
  };
}

/** A log whose answers the test gives. */
function slowLog() {
  const pending: { record: string; done: () => void; fail: (error: Error) => void }[] = [];
  return {
    pending,
    append: (record: Uint8Array) =>
      new Promise<void>((done, fail) => {
        pending.push({ record: Buffer.from(record).toString('utf8'), done, fail });
      }),
  };
}

async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a partition writer', () => {
  it('shows nothing and answers nothing before the record is on disk', async () => {
    const container = emptyContainer();
    const log = slowLog();
    const writer = createPartitionWriter(
      container,
      '"p"',
      log.append,
      () => 0,
      () => undefined,
    );
    let answered = false;
    const work = writer.submit((view) => view.put('a', { pk: 'p' }, undefined)).then(() => (answered = true));
    await turns();
    expect(answered).toBe(false);
    expect(container.partitions.size).toBe(0);
    log.pending[0]?.done();
    await work;
    expect(container.partitions.get('"p"')?.has('a')).toBe(true);
  });

  it('puts operations that wait together into one record, in order, each on top of those before', async () => {
    const container = emptyContainer();
    const log = slowLog();
    const writer = createPartitionWriter(
      container,
      '"p"',
      log.append,
      () => 0,
      () => undefined,
    );
    const first = writer.submit((view) => view.put('a', { n: 0 }, undefined));
    await turns();
    const seen: unknown[] = [];
    const later = [1, 2, 3].map((n) =>
      writer.submit((view) => {
        seen.push(view.read('a')?.body['n']);
        view.put('a', { n }, view.read('a'));
      }),
    );
    await turns();
    expect(log.pending).toHaveLength(1);
    log.pending[0]?.done();
    await first;
    await turns();
    expect(log.pending).toHaveLength(2);
    log.pending[1]?.done();
    await Promise.all(later);
    expect(seen).toEqual([0, 1, 2]);
    expect(container.partitions.get('"p"')?.get('a')?.body['n']).toBe(3);
  });

  it('drops what a refused operation staged and holds the refusal back until the disk has answered', async () => {
    const container = emptyContainer();
    const log = slowLog();
    const writer = createPartitionWriter(
      container,
      '"p"',
      log.append,
      () => 0,
      () => undefined,
    );
    const kept = writer.submit((view) => view.put('a', {}, undefined));
    let refused = false;
    const work = writer
      .submit((view) => {
        view.put('b', {}, undefined);
        throw new Error('a exists');
      })
      .catch(() => (refused = true));
    await turns();
    expect(refused).toBe(false);
    log.pending[0]?.done();
    await Promise.all([kept, work]);
    expect(refused).toBe(true);
    expect([...(container.partitions.get('"p"')?.keys() ?? [])]).toEqual(['a']);
  });

  it('fails the whole group when the record cannot be written, and goes on with the next', async () => {
    const container = emptyContainer();
    const log = slowLog();
    let idle = 0;
    const writer = createPartitionWriter(
      container,
      '"p"',
      log.append,
      () => 0,
      () => (idle += 1),
    );
    const work = ['a', 'b'].map((id) => writer.submit((view) => view.put(id, {}, undefined)));
    const outcomes = Promise.allSettled(work);
    await turns();
    log.pending[0]?.fail(new Error('disk full'));
    expect(await outcomes).toMatchObject([
      { status: 'rejected', reason: { status: 503 } },
      { status: 'rejected', reason: { status: 503 } },
    ]);
    expect(container.partitions.size).toBe(0);
    const next = writer.submit((view) => view.read('a'));
    expect(await next).toBeUndefined();
    const again = writer.submit((view) => view.put('a', {}, undefined));
    await turns();
    log.pending[1]?.done();
    await again;
    expect(container.partitions.get('"p"')?.has('a')).toBe(true);
    await writer.settled();
    expect(idle).toBeGreaterThan(0);
  });

  it('gives every write an ETag of its own, across refusals and failures', async () => {
    const container = emptyContainer();
    const log = slowLog();
    const writer = createPartitionWriter(
      container,
      '"p"',
      log.append,
      () => 0,
      () => undefined,
    );
    const etags: unknown[] = [];
    for (let n = 0; n < 4; n += 1) {
      const work = writer
        .submit((view) => view.put('a', { n }, view.read('a')))
        .then((item) => etags.push(item.body['_etag']))
        .catch(() => undefined);
      await turns();
      if (n === 1) log.pending[n]?.fail(new Error('disk full'));
      else log.pending[n]?.done();
      await work;
    }
    expect(etags).toHaveLength(3);
    expect(new Set(etags).size).toBe(3);
  });
});
