import type { Duplex } from 'node:stream';
import { asBrokerError, notImplemented } from './broker-error.ts';
import { encodeDelivery, swapGuidOrder } from './delivery-encoding.ts';
import type { Consumer } from './dispatcher.ts';
import type { LinkFaults } from './link-faults.ts';
import { abandon, complete, deadLetter, loseLock, release } from './queue-settle.ts';
import type { QueueState } from './queue-state.ts';
import {
  acceptedOutcome,
  modifiedOutcome,
  outgoingLink,
  rejectedOutcome,
  releasedOutcome,
  settleDelivery,
} from './rhea-adapter.ts';
import type { RheaDelivery, RheaLink, RheaOutcome } from './rhea-types.ts';

/** Above this much unsent data a slow client gets no more messages. */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024;
type OutcomeName = 'accepted' | 'rejected' | 'released' | 'modified';
const OUTCOMES: readonly OutcomeName[] = ['accepted', 'rejected', 'released', 'modified'];

/** A client's receiver on a queue. Answers a function that takes it off the queue. */
export function openEgress(
  link: RheaLink,
  queue: QueueState,
  stream: Duplex,
  faults: LinkFaults,
): () => void {
  const outgoing = outgoingLink(link);
  const tokens = new WeakMap<RheaDelivery, string>();
  const consumer: Consumer = {
    receiveAndDelete: link.snd_settle_mode === 1,
    capacity: () => (stream.writableLength > WRITE_BUFFER_BYTES ? 0 : outgoing.room()),
    deliver(message, lock) {
      const tag = lock === undefined ? undefined : swapGuidOrder(Buffer.from(lock.token, 'hex'));
      const delivery = outgoing.send(encodeDelivery(message), tag);
      if (lock !== undefined) tokens.set(delivery, lock.token);
    },
    exhausted: () => outgoing.answerDrain(),
  };

  async function settle(outcome: OutcomeName, delivery: RheaDelivery): Promise<void> {
    const token = tokens.get(delivery);
    if (token === undefined) return;
    tokens.delete(delivery);
    try {
      const { remote_state: asked = {} } = delivery;
      const apply = (): Promise<unknown> => applyOutcome(queue, token, outcome, asked);
      const state = await faults.around(`settle ${queue.entity}`, apply, {
        'lock-lost': () => loseLock(queue, token),
      });
      settleDelivery(link, delivery, state);
    } catch (error) {
      settleDelivery(link, delivery, rejectedOutcome(asBrokerError(error)));
    }
    // Room may have come free for a client whose credit exceeds what a session holds unsettled.
    queue.dispatcher.kick();
  }

  for (const outcome of OUTCOMES) {
    link.on(outcome, ({ delivery }) => {
      if (delivery !== undefined) void settle(outcome, delivery);
    });
  }
  const kick = (): void => queue.dispatcher.kick();
  link.on('sender_flow', kick);
  stream.on('drain', kick);
  queue.dispatcher.attach(consumer);
  return () => {
    stream.off('drain', kick);
    queue.dispatcher.detach(consumer);
  };
}

/** Carries out a client's disposition; answers the state to settle with. */
async function applyOutcome(
  queue: QueueState,
  token: string,
  outcome: OutcomeName,
  state: RheaOutcome,
): Promise<unknown> {
  switch (outcome) {
    case 'accepted':
      await complete(queue, token);
      return acceptedOutcome();
    case 'released':
      release(queue, token);
      return releasedOutcome();
    case 'modified':
      if (state.undeliverable_here === true) throw notImplemented('defer');
      await abandon(queue, token, state.message_annotations ?? {});
      return modifiedOutcome();
    case 'rejected': {
      const { condition, info } = state.error ?? {};
      const plain = condition === undefined || condition === 'com.microsoft:dead-letter';
      await deadLetter(queue, token, { ...(plain ? {} : { DeadLetterReason: condition }), ...info });
      return rejectedOutcome();
    }
  }
}
