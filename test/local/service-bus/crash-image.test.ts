import { randomBytes } from 'node:crypto';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDeadlines } from '../../../local/service-bus/deadlines.ts';
import type { Consumer } from '../../../local/service-bus/dispatcher.ts';
import type { EncodedMessage } from '../../../local/service-bus/encoded-message.ts';
import { enqueue } from '../../../local/service-bus/queue-send.ts';
import { abandon, complete, deadLetter } from '../../../local/service-bus/queue-settle.ts';
import { openQueueStore, type QueueStore } from '../../../local/service-bus/queue-store.ts';
import { freshDirectory } from './namespace.ts';

const message = (messageId: string, size: number): EncodedMessage => ({
  durable: true,
  priority: undefined,
  ttl: undefined,
  annotations: Buffer.alloc(0),
  annotationItems: 0,
  scheduledFor: 0,
  messageId,
  bare: Buffer.concat([Buffer.from([0, 0x53, 0x75, 0xb0, 0, 0, 0, size]), Buffer.alloc(size)]),
});

function openStore(directory: string): Promise<QueueStore> {
  const now = Date.now;
  return openQueueStore({
    directory,
    environment: {
      now,
      deadlines: createDeadlines(now),
      randomBytes,
      defer: (round) => void setImmediate(round),
    },
    compactAbove: 3000,
  });
}

type Fate = 'complete' | 'abandon' | 'deadLetter' | 'leave';
type Place = 'queue' | 'dead' | 'gone';

/** What a client that was told so may count on, per message. */
class Promised {
  readonly certain = new Map<string, Place>();
  readonly underWay = new Set<string>();

  async change(id: string, place: Place, work: () => Promise<unknown>): Promise<void> {
    this.underWay.add(id);
    await work();
    this.certain.set(id, place);
    this.underWay.delete(id);
  }

  snapshot(): Map<string, Place> {
    return new Map([...this.certain].filter(([id]) => !this.underWay.has(id)));
  }
}

describe('the log', () => {
  it('copied at any moment holds everything that was acknowledged before', async () => {
    const fate = fc.constantFrom<Fate>('complete', 'abandon', 'deadLetter', 'leave');
    const step = fc.record({
      fates: fc.array(fate, { minLength: 1, maxLength: 8 }),
      size: fc.integer({ min: 1, max: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const root = await freshDirectory();
        const store = await openStore(join(root, 'live'));
        await store.ensure({ name: 'q', maxDeliveryCount: 100 });
        const queue = store.queues.get('q');
        if (queue === undefined) throw new Error('the queue is missing');
        const fates = new Map<string, Fate>();
        const promised = new Promised();
        const settled: Promise<unknown>[] = [];
        const consumer: Consumer = {
          receiveAndDelete: false,
          capacity: () => 1000,
          deliver(received, lock) {
            const id = received.messageId;
            const token = lock?.token ?? '';
            const what = received.deliveryCount === 0 ? fates.get(id) : 'leave';
            if (what === 'complete') settled.push(promised.change(id, 'gone', () => complete(queue, token)));
            if (what === 'abandon') settled.push(promised.change(id, 'queue', () => abandon(queue, token)));
            if (what === 'deadLetter') {
              settled.push(
                promised.change(id, 'dead', () => deadLetter(queue, token, { DeadLetterReason: 'r' })),
              );
            }
          },
          exhausted: () => undefined,
        };
        queue.dispatcher.attach(consumer);
        const images: { directory: string; expected: Map<string, Place>; unsure: Set<string> }[] = [];
        for (const [index, { fates: group, size }] of steps.entries()) {
          const ids = group.map((what, i) => {
            const id = `${index}.${i}`;
            fates.set(id, what);
            return id;
          });
          // Not awaited one by one: records of many operations share syncs and meet compactions.
          settled.push(
            enqueue(
              queue,
              ids.map((id) => message(id, size)),
            ).then(() => {
              for (const id of ids) if (!promised.certain.has(id)) promised.certain.set(id, 'queue');
            }),
          );
          if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          else await settled.at(-1);
          const directory = join(root, `image-${index}`);
          await mkdir(directory);
          const expected = promised.snapshot();
          await copyFile(join(root, 'live', 'queues.log'), join(directory, 'queues.log'));
          const changed = [...expected].filter(([id, place]) => promised.certain.get(id) !== place);
          images.push({
            directory,
            expected,
            unsure: new Set([...promised.underWay, ...changed.map(([id]) => id)]),
          });
        }
        for (let quiet = 0; quiet < 3; quiet = settled.length === 0 ? quiet + 1 : 0) {
          await Promise.all(settled.splice(0));
          await new Promise((resolve) => setImmediate(resolve));
        }
        queue.dispatcher.detach(consumer);
        await store.close();
        for (const { directory, expected, unsure } of images) {
          const image = await openStore(directory);
          const restored = image.queues.get('q');
          const idsIn = (messages: Iterable<{ messageId: string }> = []) =>
            new Set([...messages].map(({ messageId }) => messageId));
          const inQueue = idsIn(restored?.messages.from(0));
          const inDead = idsIn(restored?.deadLetter?.messages.from(0));
          for (const [id, place] of expected) {
            if (unsure.has(id)) continue;
            const found: Place = inQueue.has(id) ? 'queue' : inDead.has(id) ? 'dead' : 'gone';
            expect([id, found]).toEqual([id, place]);
          }
          await image.close();
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
