import { encodeLong, encodeSection, encodeString, encodeSymbol } from './amqp-scalars.ts';
import { messageSections, SECTION } from './message-sections.ts';
import type { QueuedMessage } from './queued-message.ts';

const SEQUENCE = encodeSymbol('x-opt-sequence-number');
const ENQUEUED_AT = encodeSymbol('x-opt-enqueued-time');
const ENQUEUED_SEQUENCE = encodeSymbol('x-opt-enqueue-sequence-number');
const LOCKED_UNTIL = encodeSymbol('x-opt-locked-until');
const STATE = encodeSymbol('x-opt-message-state');
const DEAD_LETTER_SOURCE = encodeSymbol('x-opt-deadletter-source');
const STATE_ACTIVE = Buffer.from([0x71, 0, 0, 0, 0]);
const STATE_SCHEDULED = Buffer.from([0x71, 0, 0, 0, 2]);

/** A queued message on the wire: the broker's header and annotations in front of the sender's own bytes. */
export function encodeDelivery(message: QueuedMessage, options: { omitBody?: boolean } = {}): Buffer {
  const bare = options.omitBody === true ? withoutBody(message.bare) : message.bare;
  return Buffer.concat([header(message), annotations(message), bare]);
}

function header(message: QueuedMessage): Buffer {
  const fields = Buffer.alloc(19);
  let at = fields.writeUInt8(message.durable ? 0x41 : 0x42, 0);
  if (message.priority === undefined) at = fields.writeUInt8(0x40, at);
  else {
    at = fields.writeUInt8(0x50, at);
    at = fields.writeUInt8(message.priority, at);
  }
  if (message.ttl === undefined) at = fields.writeUInt8(0x40, at);
  else {
    at = fields.writeUInt8(0x70, at);
    at = fields.writeUInt32BE(Math.min(message.ttl, 0xffffffff), at);
  }
  at = fields.writeUInt8(0x42, at);
  at = fields.writeUInt8(0x70, at);
  at = fields.writeUInt32BE(message.deliveryCount, at);
  return encodeSection(SECTION.header, 0xd0, 5, [fields.subarray(0, at)]);
}

function annotations(message: QueuedMessage): Buffer {
  const items = [
    message.annotations,
    SEQUENCE,
    encodeLong(0x81, BigInt(message.sequence)),
    ENQUEUED_AT,
    encodeLong(0x83, BigInt(Math.floor(message.enqueuedAt))),
    ENQUEUED_SEQUENCE,
    encodeLong(0x81, BigInt(message.enqueuedSequence)),
    STATE,
    message.scheduledFor > 0 ? STATE_SCHEDULED : STATE_ACTIVE,
  ];
  let count = message.annotationItems + 8;
  if (message.lock !== undefined) {
    items.push(LOCKED_UNTIL, encodeLong(0x83, BigInt(Math.floor(message.lock.until))));
    count += 2;
  }
  if (message.deadLetterSource !== undefined) {
    items.push(DEAD_LETTER_SOURCE, encodeString(message.deadLetterSource));
    count += 2;
  }
  return encodeSection(SECTION.messageAnnotations, 0xd1, count, items);
}

function withoutBody(bare: Buffer): Buffer {
  const body = messageSections(bare).find(({ code }) => code >= SECTION.data);
  return body === undefined ? bare : bare.subarray(0, body.start);
}

/** Lock tokens travel as delivery tags in .NET's GUID byte order and elsewhere in that of RFC 4122 (self-inverse). */
export function swapGuidOrder(guid: Buffer): Buffer {
  const swapped = Buffer.from(guid);
  swapped.subarray(0, 4).reverse();
  swapped.subarray(4, 6).reverse();
  swapped.subarray(6, 8).reverse();
  return swapped;
}
