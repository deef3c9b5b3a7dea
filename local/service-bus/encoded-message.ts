import { encodeSection, encodeString, readScalar, type Scalar } from './amqp-scalars.ts';
import { compoundAt, MalformedAmqp, skipValue } from './amqp-values.ts';
import { messageSections, SECTION, type Section } from './message-sections.ts';

/** A message as its sender encoded it, less what only the broker may say. */
export interface EncodedMessage {
  readonly durable: boolean;
  readonly priority: number | undefined;
  /** Milliseconds, as asked by the sender. */
  readonly ttl: number | undefined;
  /** The sender's message annotations: encoded key-value pairs, and how many items they are. */
  readonly annotations: Buffer;
  readonly annotationItems: number;
  /** Epoch milliseconds; 0 when the message is due at once. */
  readonly scheduledFor: number;
  readonly messageId: string;
  /** Properties to footer, byte-exact. */
  readonly bare: Buffer;
}

/** Annotations that state what the broker knows; a sender's word on them is dropped. */
const BROKER_ANNOTATIONS = new Set([
  'x-opt-sequence-number',
  'x-opt-enqueued-time',
  'x-opt-enqueue-sequence-number',
  'x-opt-locked-until',
  'x-opt-message-state',
  'x-opt-deadletter-source',
]);

/**
 * Takes an encoded message apart. A message without an id is given `newId()`: the official client cannot settle one
 * that has none. Throws {@link MalformedAmqp}.
 */
export function decodeMessage(bytes: Buffer, newId: () => string): EncodedMessage {
  const sections = messageSections(bytes);
  const find = (code: number) => sections.find((section) => section.code === code);
  const header = headerFields(bytes, find(SECTION.header));
  const annotations = senderAnnotations(bytes, find(SECTION.messageAnnotations));
  const bareStart = sections.find(({ code }) => code >= SECTION.properties)?.start ?? bytes.length;
  requireStringKeys(bytes, find(SECTION.applicationProperties));
  // Copied, so that a small message does not keep a whole network chunk alive.
  const bare = Buffer.from(bytes.subarray(bareStart));
  const id = messageIdOf(bytes, find(SECTION.properties));
  if (id !== undefined) return { ...header, ...annotations, messageId: id, bare };
  const messageId = newId();
  return { ...header, ...annotations, messageId, bare: withMessageId(bare, messageId) };
}

/** The messages of a Service Bus batch: each data section holds one complete encoded message. */
export function splitBatch(bytes: Buffer): Buffer[] {
  return messageSections(bytes)
    .filter(({ code }) => code === SECTION.data)
    .map(({ value, end }) => bytes.subarray(value + (bytes[value] === 0xa0 ? 2 : 5), end));
}

function headerFields(bytes: Buffer, section: Section | undefined) {
  const [durable, priority, ttl] = section === undefined ? [] : listScalars(bytes, section.value, 3);
  return {
    durable: durable === true,
    priority: typeof priority === 'number' ? priority : undefined,
    ttl: typeof ttl === 'number' ? ttl : undefined,
  };
}

function senderAnnotations(bytes: Buffer, section: Section | undefined) {
  const kept: Buffer[] = [];
  let scheduledFor = 0;
  for (const { key, value, start, end } of section === undefined ? [] : mapEntries(bytes, section.value)) {
    const name = readScalar(bytes, key);
    if (typeof name !== 'string') throw new MalformedAmqp('an annotation has no symbolic key');
    if (BROKER_ANNOTATIONS.has(name)) continue;
    if (name === 'x-opt-scheduled-enqueue-time') {
      const due = readScalar(bytes, value);
      if (due instanceof Date) scheduledFor = due.getTime();
    }
    kept.push(bytes.subarray(start, end));
  }
  return { annotations: Buffer.concat(kept), annotationItems: 2 * kept.length, scheduledFor };
}

function requireStringKeys(bytes: Buffer, section: Section | undefined): void {
  for (const { key } of section === undefined ? [] : mapEntries(bytes, section.value)) {
    if (typeof readScalar(bytes, key) !== 'string') throw new MalformedAmqp('a property has no string key');
  }
}

function messageIdOf(bytes: Buffer, section: Section | undefined): string | undefined {
  const [id] = section === undefined ? [] : listScalars(bytes, section.value, 1);
  if (id === undefined || id === null || id === '') return undefined;
  return Buffer.isBuffer(id) ? id.toString('hex') : String(id);
}

function withMessageId(bare: Buffer, id: string): Buffer {
  const [first] = messageSections(bare);
  const items = [encodeString(id)];
  let rest = 0;
  if (first?.code === SECTION.properties) {
    rest = first.end;
    const list = compoundAt(bare, first.value);
    if (list !== undefined && list.count > 0)
      items.push(bare.subarray(skipValue(bare, list.start), list.end));
    const count = Math.max(1, list?.count ?? 0);
    return Buffer.concat([encodeSection(SECTION.properties, 0xd0, count, items), bare.subarray(rest)]);
  }
  return Buffer.concat([encodeSection(SECTION.properties, 0xd0, 1, items), bare]);
}

function listScalars(bytes: Buffer, offset: number, limit: number): (Scalar | undefined)[] {
  const list = compoundAt(bytes, offset);
  const values: (Scalar | undefined)[] = [];
  let at = list?.start ?? 0;
  for (let index = 0; index < Math.min(list?.count ?? 0, limit); index++) {
    values.push(readScalar(bytes, at));
    at = skipValue(bytes, at);
  }
  return values;
}

export interface MapEntry {
  /** Offset of the key's type code, which is also where the pair starts. */
  readonly key: number;
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

/** The pairs of the map at `offset`. */
export function mapEntries(bytes: Buffer, offset: number): MapEntry[] {
  const map = compoundAt(bytes, offset);
  const entries: MapEntry[] = [];
  let at = map?.start ?? 0;
  for (let index = 0; index < (map?.count ?? 0) / 2; index++) {
    const value = skipValue(bytes, at);
    const end = skipValue(bytes, value);
    entries.push({ key: at, value, start: at, end });
    at = end;
  }
  return entries;
}
