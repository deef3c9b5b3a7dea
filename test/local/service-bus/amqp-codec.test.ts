import fc from 'fast-check';
import rhea from 'rhea';
import { describe, expect, it } from 'vitest';
import { MalformedAmqp } from '../../../local/service-bus/amqp-values.ts';
import { mergeApplicationProperties } from '../../../local/service-bus/application-properties.ts';
import { encodeDelivery, swapGuidOrder } from '../../../local/service-bus/delivery-encoding.ts';
import { decodeMessage, splitBatch } from '../../../local/service-bus/encoded-message.ts';

const fraction = fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true });
const newId = (): string => 'generated';
const encode = (message: object): Buffer => Buffer.from(rhea.message.encode(message));
const asDelivered = (bytes: Buffer) =>
  rhea.message.decode(
    encodeDelivery({
      ...decodeMessage(bytes, newId),
      sequence: 7,
      enqueuedSequence: 5,
      enqueuedAt: 1_700_000_000_123,
      expiresAt: Infinity,
      deadLetterSource: undefined,
      deliveryCount: 2,
      visible: true,
      lock: { token: '00', until: 1_700_000_060_000 },
    }),
  );

describe('messages on the wire', () => {
  it('keep every byte of the sender behind the header and annotations', () => {
    const bytes = encode({
      durable: true,
      ttl: 5000,
      message_annotations: { 'x-opt-partition-key': 'p', 'x-opt-sequence-number': 99 },
      message_id: 'id',
      application_properties: { byte: rhea.types.wrap_byte(3), text: 'ü' },
      body: rhea.message.data_section(Buffer.from('body')),
    });
    const decoded = decodeMessage(bytes, newId);
    expect(bytes.subarray(bytes.length - decoded.bare.length)).toEqual(decoded.bare);
    expect(decoded).toMatchObject({ durable: true, ttl: 5000, messageId: 'id', annotationItems: 2 });
    const delivered = asDelivered(bytes);
    expect(delivered['delivery_count']).toBe(2);
    expect(delivered['message_annotations']).toMatchObject({
      'x-opt-partition-key': 'p',
      'x-opt-sequence-number': 7,
      'x-opt-enqueue-sequence-number': 5,
      'x-opt-message-state': 0,
    });
    expect(delivered['application_properties']).toEqual({ byte: 3, text: 'ü' });
  });

  it('are given an id where they have none, whatever other properties they have', () => {
    for (const properties of [{}, { subject: 's', correlation_id: 'c' }, { message_id: '', subject: 's' }]) {
      const delivered = asDelivered(encode({ ...properties, body: 'x' }));
      expect(delivered).toMatchObject({ ...properties, message_id: 'generated', body: 'x' });
    }
  });

  it('read ids of all types', () => {
    const idOf = (message_id: unknown) => decodeMessage(encode({ message_id, body: 1 }), newId).messageId;
    expect(idOf('text')).toBe('text');
    expect(idOf(123456)).toBe('123456');
    expect(idOf(Buffer.alloc(16, 1))).toBe('01'.repeat(16));
  });

  it('take changed properties without touching the others', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fraction)),
        fc.dictionary(
          fc.string(),
          fc.oneof(fc.string(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null), fraction),
        ),
        (before, set) => {
          const bytes = encode({ message_id: 'm', application_properties: before, body: 'x' });
          const { bare } = decodeMessage(bytes, newId);
          const after = rhea.message.decode(mergeApplicationProperties(bare, set));
          const plain = (record: object) =>
            JSON.stringify(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
          const original = rhea.message.decode(bytes)['application_properties'] as object;
          expect(plain(after['application_properties'] as object)).toBe(plain({ ...original, ...set }));
          expect(after['body']).toBe('x');
        },
      ),
    );
  });

  it('of a batch come apart again', () => {
    const messages = ['a', 'b', 'c'].map((body) => encode({ message_id: body, body }));
    const batch = encode({ body: rhea.message.data_sections(messages) });
    expect(splitBatch(batch)).toEqual(messages);
  });

  it('that are admitted can be decoded by the client library, however they were mangled', () => {
    const sample = encode({
      message_annotations: { 'x-opt-a': 1 },
      message_id: 'id',
      application_properties: { list: 'x', n: 5, t: new Date(0) },
      body: { map: [1, 'two', { three: [true, null] }] },
    });
    const mangled = fc
      .array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((edits) => {
        const bytes = Buffer.from(sample);
        for (const [at, value] of edits) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          mangled,
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          let admitted: Buffer;
          try {
            admitted = decodeMessage(bytes, newId).bare;
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedAmqp);
            return;
          }
          rhea.message.decode(admitted);
          asDelivered(bytes);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('carry lock tokens in two byte orders that turn into each other', () => {
    const guid = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
    expect(swapGuidOrder(guid).toString('hex')).toBe('030201000504070608090a0b0c0d0e0f');
    expect(swapGuidOrder(swapGuidOrder(guid))).toEqual(guid);
  });
});
