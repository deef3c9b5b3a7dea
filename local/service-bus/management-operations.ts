import rhea from 'rhea';
import * as z from 'zod';
import { MalformedAmqp } from './amqp-values.ts';
import { BrokerError, notImplemented, unauthorized } from './broker-error.ts';
import type { MessagingAction } from './claims.ts';
import { encodeDelivery } from './delivery-encoding.ts';
import { decodeMessage } from './encoded-message.ts';
import { peek } from './queue-receive.ts';
import { cancelScheduled, enqueue } from './queue-send.ts';
import { abandon, complete, deadLetter, renewLock } from './queue-settle.ts';
import type { QueueState } from './queue-state.ts';
import type { NodeAnswer, NodeRequest } from './request-node.ts';

export interface ManagementContext {
  readonly queue: QueueState;
  readonly address: string;
  readonly allows: (action: MessagingAction) => boolean;
  readonly newMessageId: () => string;
}

type Operation = (context: ManagementContext, body: unknown) => Promise<NodeAnswer> | NodeAnswer;

/** Serves one request to `{queue}/$management`; throws {@link BrokerError}. */
export async function manage(context: ManagementContext, request: NodeRequest): Promise<NodeAnswer> {
  const entry = OPERATIONS.get(request.operation);
  if (entry === undefined) throw notImplemented(request.operation);
  if (!context.allows(entry.action)) throw unauthorized(entry.action, context.address);
  try {
    return await entry.run(context, request.body);
  } catch (error) {
    if (!(error instanceof z.ZodError || error instanceof MalformedAmqp)) throw error;
    throw new BrokerError('com.microsoft:argument-error', `The request '${request.operation}' is malformed.`);
  }
}

const sequenceNumber = z
  .union([z.number(), z.instanceof(Buffer).transform((bytes) => Number(bytes.readBigInt64BE()))])
  .pipe(z.number().int());
const lockToken = z.instanceof(Buffer).transform((bytes) => bytes.toString('hex'));
const properties = z.record(z.string(), z.unknown()).nullish();

const peekBody = z.object({
  'from-sequence-number': sequenceNumber,
  'message-count': z.number().int().min(1),
  'omit-message-body': z.boolean().nullish(),
});
const renewBody = z.object({ 'lock-tokens': z.array(lockToken) });
const scheduleBody = z.object({ messages: z.array(z.object({ message: z.instanceof(Buffer) })).min(1) });
const cancelBody = z.object({ 'sequence-numbers': z.array(sequenceNumber) });
const dispositionBody = z.object({
  'lock-tokens': z.array(lockToken),
  'disposition-status': z.string(),
  'deadletter-reason': z.string().nullish(),
  'deadletter-description': z.string().nullish(),
  'properties-to-modify': properties,
});

/** The locks that a request names. */
export function lockTokensOf(body: unknown): string[] {
  const named = z.object({ 'lock-tokens': z.array(lockToken) }).safeParse(body);
  return named.data?.['lock-tokens'] ?? [];
}

const LONG = 0x81;
const TIMESTAMP = 0x83;
const ok = (body?: unknown): NodeAnswer => ({ status: 200, description: 'OK', body });

const OPERATIONS = new Map<string, { action: MessagingAction; run: Operation }>([
  ['com.microsoft:renew-lock', { action: 'servicebus/receive', run: renewLocks }],
  ['com.microsoft:peek-message', { action: 'servicebus/receive', run: peekMessages }],
  ['com.microsoft:update-disposition', { action: 'servicebus/receive', run: updateDisposition }],
  ['com.microsoft:schedule-message', { action: 'servicebus/send', run: scheduleMessages }],
  ['com.microsoft:cancel-scheduled-message', { action: 'servicebus/send', run: cancelMessages }],
]);

function renewLocks({ queue }: ManagementContext, body: unknown): NodeAnswer {
  const expirations = renewBody.parse(body)['lock-tokens'].map((token) => renewLock(queue, token));
  return ok({ expirations: rhea.types.wrap_array(expirations, TIMESTAMP, undefined) });
}

function peekMessages({ queue }: ManagementContext, body: unknown): NodeAnswer {
  const request = peekBody.parse(body);
  const omitBody = request['omit-message-body'] === true;
  const messages = peek(queue, request['from-sequence-number'], request['message-count']);
  if (messages.length === 0) return { status: 204, description: 'No messages' };
  return ok({ messages: messages.map((message) => ({ message: encodeDelivery(message, { omitBody }) })) });
}

async function scheduleMessages(context: ManagementContext, body: unknown): Promise<NodeAnswer> {
  const { queue, newMessageId } = context;
  if (queue.isDeadLetter)
    throw new BrokerError('amqp:not-allowed', 'Nothing can be sent to a dead-letter queue.');
  const encoded = scheduleBody.parse(body).messages.map(({ message }) => message);
  const limit = queue.shared.settings.maxMessageBytes;
  if (encoded.some(({ length }) => length > limit)) {
    throw new BrokerError('amqp:link:message-size-exceeded', `A message exceeds ${limit} bytes.`, 403);
  }
  const sequences = await enqueue(
    queue,
    encoded.map((message) => decodeMessage(message, newMessageId)),
  );
  return ok({ 'sequence-numbers': rhea.types.wrap_array(sequences, LONG, undefined) });
}

async function cancelMessages({ queue }: ManagementContext, body: unknown): Promise<NodeAnswer> {
  await cancelScheduled(queue, cancelBody.parse(body)['sequence-numbers']);
  return ok();
}

/** Settles messages whose link has closed. Tokens are settled one by one; the first failure is the answer. */
async function updateDisposition({ queue }: ManagementContext, body: unknown): Promise<NodeAnswer> {
  const request = dispositionBody.parse(body);
  const changed = request['properties-to-modify'] ?? {};
  for (const token of request['lock-tokens']) {
    switch (request['disposition-status']) {
      case 'completed':
        await complete(queue, token);
        break;
      case 'abandoned':
        await abandon(queue, token, changed);
        break;
      case 'suspended':
        await deadLetter(queue, token, {
          ...changed,
          DeadLetterReason: request['deadletter-reason'] ?? undefined,
          DeadLetterErrorDescription: request['deadletter-description'] ?? undefined,
        });
        break;
      case 'defered':
        throw notImplemented('defer');
      default:
        throw new BrokerError('com.microsoft:argument-error', 'The disposition-status is unknown.');
    }
  }
  return ok();
}
