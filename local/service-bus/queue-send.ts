import { BrokerError } from './broker-error.ts';
import type { Sighting } from './duplicate-window.ts';
import type { EncodedMessage } from './encoded-message.ts';
import type { Change } from './journal-change.ts';
import { compensate, enlist, hold, type QueueState, take } from './queue-state.ts';
import { type QueuedMessage, storedSize } from './queued-message.ts';

interface Admission {
  readonly messages: QueuedMessage[];
  readonly changes: Change[];
  readonly sightings: { readonly messageId: string; readonly sighting: Sighting }[];
  /** Records of the originals of duplicates in this group. */
  readonly originals: Promise<unknown>[];
  /** Per incoming message; 0 for a dropped duplicate. */
  readonly sequences: number[];
}

/**
 * Stores a group of messages, all or none. Resolves with their sequence numbers when they are on disk; a duplicate
 * within the window is dropped and has number 0. Throws resource-limit-exceeded when queue or disk is full.
 */
export async function enqueue(queue: QueueState, incoming: readonly EncodedMessage[]): Promise<number[]> {
  requireRoom(queue, incoming);
  const admission: Admission = { messages: [], changes: [], sightings: [], originals: [], sequences: [] };
  for (const message of incoming) admit(queue, message, admission);
  const { messages, changes, sightings, originals, sequences } = admission;
  const stored = changes.length === 0 ? Promise.resolve() : queue.environment.persist(changes);
  for (const { sighting } of sightings) sighting.stored = stored;
  try {
    await Promise.all([stored, ...originals]);
  } catch (error) {
    for (const message of messages) take(queue, message);
    for (const { messageId } of sightings) queue.duplicates.forget(messageId);
    compensate(
      queue,
      messages.map(({ sequence }) => ({ kind: 'remove', entity: queue.entity, sequence })),
    );
    throw error;
  }
  for (const { sighting } of sightings) sighting.stored = undefined;
  for (const message of messages) enlist(queue, message);
  return sequences;
}

/** Removes scheduled messages that are not yet due, all or none. */
export async function cancelScheduled(queue: QueueState, sequences: readonly number[]): Promise<void> {
  const messages = sequences.map((sequence) => {
    const message = queue.messages.get(sequence);
    if (message === undefined || !message.visible || message.scheduledFor === 0) {
      throw new BrokerError(
        'com.microsoft:message-not-found',
        `There is no scheduled message ${sequence}.`,
        404,
      );
    }
    return message;
  });
  for (const message of messages) take(queue, message);
  try {
    await queue.environment.persist(
      messages.map(({ sequence }) => ({ kind: 'remove', entity: queue.entity, sequence })),
    );
  } catch (error) {
    for (const message of messages) {
      hold(queue, message);
      enlist(queue, message);
    }
    compensate(
      queue,
      messages.map((message) => ({ kind: 'put', entity: queue.entity, message })),
    );
    throw error;
  }
}

function requireRoom(queue: QueueState, incoming: readonly EncodedMessage[]): void {
  const used = queue.messages.bytes + (queue.deadLetter?.messages.bytes ?? 0);
  const needed = incoming.reduce((sum, message) => sum + storedSize(message), 0);
  if (used + needed > queue.shared.settings.maxQueueBytes) {
    throw new BrokerError('amqp:resource-limit-exceeded', `The queue '${queue.entity}' is full.`, 403);
  }
}

function admit(queue: QueueState, incoming: EncodedMessage, admission: Admission): void {
  const now = queue.environment.now();
  const window = queue.shared.settings.duplicateDetectionWindowMs;
  if (window !== undefined) {
    const earlier = queue.duplicates.find(incoming.messageId);
    if (earlier !== undefined) {
      if (earlier.stored !== undefined) admission.originals.push(earlier.stored);
      admission.sequences.push(0);
      return;
    }
    const until = now + window;
    const sighting = queue.duplicates.remember(incoming.messageId, until);
    admission.sightings.push({ messageId: incoming.messageId, sighting });
    admission.changes.push({ kind: 'seen', entity: queue.entity, messageId: incoming.messageId, until });
  }
  const message = toQueued(queue, incoming, now);
  hold(queue, message);
  admission.messages.push(message);
  admission.changes.push({ kind: 'put', entity: queue.entity, message });
  admission.sequences.push(message.sequence);
}

function toQueued(queue: QueueState, incoming: EncodedMessage, now: number): QueuedMessage {
  const scheduledFor = incoming.scheduledFor > now ? incoming.scheduledFor : 0;
  const ttl = Math.min(incoming.ttl ?? Infinity, queue.shared.settings.defaultTtlMs ?? Infinity);
  const sequence = queue.shared.nextSequence;
  return {
    ...incoming,
    sequence,
    enqueuedSequence: sequence,
    enqueuedAt: now,
    scheduledFor,
    ttl: ttl === Infinity ? undefined : ttl,
    expiresAt: Math.max(scheduledFor, now) + ttl,
    deadLetterSource: undefined,
    deliveryCount: 0,
    visible: false,
    lock: undefined,
  };
}
