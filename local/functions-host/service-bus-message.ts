import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { TypedData } from './typed-data.ts';

const text = (value: string | undefined): TypedData | undefined =>
  value === undefined ? undefined : { string: value };

const json = (value: unknown): TypedData | undefined =>
  value === undefined ? undefined : { json: JSON.stringify(value) };

const time = (value: Date | undefined): TypedData | undefined => text(value?.toISOString());

/** A body as the function gets it: bytes as text (the library parses JSON), unless it asked for binary. */
export function bodyData(body: unknown, dataType: unknown): TypedData {
  const bytes = Buffer.isBuffer(body) ? body : body instanceof Uint8Array ? Buffer.from(body) : undefined;
  if (dataType === 'binary')
    return { bytes: bytes ?? Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
  if (bytes) return { string: bytes.toString('utf8') };
  return typeof body === 'string' ? { string: body } : { json: JSON.stringify(body ?? null) };
}

const idText = (value: string | number | Buffer | undefined): string | undefined =>
  Buffer.isBuffer(value) ? value.toString('base64') : value?.toString();

/** What the trigger tells about a message; the library lower-cases the first letter of each name. */
export function triggerMetadata(message: ServiceBusReceivedMessage): Record<string, TypedData> {
  const properties = json(message.applicationProperties ?? {});
  const entries: Record<string, TypedData | undefined> = {
    MessageId: text(idText(message.messageId)),
    // The SDK counts failed deliveries, the host deliveries.
    DeliveryCount: { int: (message.deliveryCount ?? 0) + 1 },
    LockToken: text(message.lockToken),
    SequenceNumber: text(message.sequenceNumber?.toString()),
    EnqueuedSequenceNumber: json(message.enqueuedSequenceNumber),
    EnqueuedTimeUtc: time(message.enqueuedTimeUtc),
    ExpiresAtUtc: time(message.expiresAtUtc),
    LockedUntil: time(message.lockedUntilUtc),
    ContentType: text(message.contentType),
    CorrelationId: text(idText(message.correlationId)),
    Subject: text(message.subject),
    Label: text(message.subject),
    To: text(message.to),
    ReplyTo: text(message.replyTo),
    SessionId: text(message.sessionId),
    PartitionKey: text(message.partitionKey),
    DeadLetterSource: text(message.deadLetterSource),
    ApplicationProperties: properties,
    UserProperties: properties,
  };
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, TypedData] => entry[1] !== undefined),
  );
}
