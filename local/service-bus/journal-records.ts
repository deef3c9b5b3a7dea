import * as z from 'zod';
import type { Change } from './journal-change.ts';
import type { QueuedMessage } from './queued-message.ts';

/** One record holds the changes of one {@link Persist} call: for each, its length, its JSON, its bytes. */
export function encodeChanges(changes: Iterable<Change>): Buffer {
  const parts: Buffer[] = [];
  for (const change of changes) {
    const { json, bytes } = encodeChange(change);
    const text = Buffer.from(JSON.stringify(json));
    const head = Buffer.alloc(8);
    head.writeUInt32BE(text.length, 0);
    head.writeUInt32BE(bytes.length, 4);
    parts.push(head, text, bytes);
  }
  return Buffer.concat(parts);
}

export function decodeChanges(record: Buffer): Change[] {
  const changes: Change[] = [];
  let at = 0;
  while (at < record.length) {
    const textEnd = at + 8 + record.readUInt32BE(at);
    const end = textEnd + record.readUInt32BE(at + 4);
    const json: unknown = JSON.parse(record.toString('utf8', at + 8, textEnd));
    changes.push(decodeChange(storedChange.parse(json), Buffer.from(record.subarray(textEnd, end))));
    at = end;
  }
  return changes;
}

const NOTHING = Buffer.alloc(0);

const storedSettings = z.object({
  name: z.string(),
  lockDurationMs: z.number(),
  maxDeliveryCount: z.number(),
  defaultTtlMs: z.number().optional(),
  duplicateDetectionWindowMs: z.number().optional(),
  deadLetterOnExpiry: z.boolean(),
  maxMessageBytes: z.number(),
  maxQueueBytes: z.number(),
});

// Short names: these stand in front of every message on disk.
const storedMessage = z.object({
  k: z.literal('m'),
  e: z.string(),
  s: z.number(),
  q: z.number(),
  t: z.number(),
  x: z.number().optional(),
  h: z.number(),
  n: z.number(),
  d: z.boolean(),
  p: z.number().optional(),
  l: z.number().optional(),
  i: z.string(),
  z: z.string().optional(),
  c: z.number(),
  a: z.number(),
});

const storedChange = z.discriminatedUnion('k', [
  storedMessage,
  z.object({ k: z.literal('q'), settings: storedSettings, next: z.number() }),
  z.object({ k: z.literal('r'), e: z.string(), s: z.number() }),
  z.object({ k: z.literal('n'), e: z.string(), s: z.number(), n: z.number() }),
  z.object({ k: z.literal('d'), e: z.string(), i: z.string(), u: z.number() }),
]);
type StoredChange = z.infer<typeof storedChange>;

function encodeChange(change: Change): { json: object; bytes: Buffer } {
  switch (change.kind) {
    case 'put':
      return encodePut(change.entity, change.message);
    case 'queue':
      return { json: { k: 'q', settings: change.settings, next: change.nextSequence }, bytes: NOTHING };
    case 'remove':
      return { json: { k: 'r', e: change.entity, s: change.sequence }, bytes: NOTHING };
    case 'count':
      return {
        json: { k: 'n', e: change.entity, s: change.sequence, n: change.deliveryCount },
        bytes: NOTHING,
      };
    case 'seen':
      return { json: { k: 'd', e: change.entity, i: change.messageId, u: change.until }, bytes: NOTHING };
  }
}

function encodePut(entity: string, message: QueuedMessage): { json: StoredChange; bytes: Buffer } {
  const json: StoredChange = {
    k: 'm',
    e: entity,
    s: message.sequence,
    q: message.enqueuedSequence,
    t: message.enqueuedAt,
    x: message.expiresAt === Infinity ? undefined : message.expiresAt,
    h: message.scheduledFor,
    n: message.deliveryCount,
    d: message.durable,
    p: message.priority,
    l: message.ttl,
    i: message.messageId,
    z: message.deadLetterSource,
    c: message.annotationItems,
    a: message.annotations.length,
  };
  return { json, bytes: Buffer.concat([message.annotations, message.bare]) };
}

function decodeChange(stored: StoredChange, bytes: Buffer): Change {
  switch (stored.k) {
    case 'q': {
      const { defaultTtlMs, duplicateDetectionWindowMs } = stored.settings;
      const settings = { ...stored.settings, defaultTtlMs, duplicateDetectionWindowMs };
      return { kind: 'queue', settings, nextSequence: stored.next };
    }
    case 'r':
      return { kind: 'remove', entity: stored.e, sequence: stored.s };
    case 'n':
      return { kind: 'count', entity: stored.e, sequence: stored.s, deliveryCount: stored.n };
    case 'd':
      return { kind: 'seen', entity: stored.e, messageId: stored.i, until: stored.u };
    case 'm':
      return { kind: 'put', entity: stored.e, message: decodePut(stored, bytes) };
  }
}

function decodePut(stored: z.infer<typeof storedMessage>, bytes: Buffer): QueuedMessage {
  return {
    sequence: stored.s,
    enqueuedSequence: stored.q,
    enqueuedAt: stored.t,
    expiresAt: stored.x ?? Infinity,
    scheduledFor: stored.h,
    deliveryCount: stored.n,
    durable: stored.d,
    priority: stored.p,
    ttl: stored.l,
    messageId: stored.i,
    deadLetterSource: stored.z,
    annotationItems: stored.c,
    annotations: bytes.subarray(0, stored.a),
    bare: bytes.subarray(stored.a),
    visible: false,
    lock: undefined,
  };
}
