/**
 * What a link may be: `$cbs`, `{entity}/$management` (each a pair of links), a sender on a queue, a receiver on a queue
 * or its dead-letter queue. Rights are checked before existence, so that who has none on a name learns nothing of it.
 */
import { staleToken } from '../core/stale-token.ts';
import { BrokerError, entityNotFound, notImplemented, unauthorized } from './broker-error.ts';
import type { MessagingAction } from './claims.ts';
import { addLink, type LinkContext } from './connection-state.ts';
import { openEgress } from './egress-link.ts';
import { audienceAddress, type EntityAddress, parseAddress } from './entity-address.ts';
import { openIngress } from './ingress-link.ts';
import { lockTokensOf, manage } from './management-operations.ts';
import { loseLock } from './queue-settle.ts';
import type { QueueState } from './queue-state.ts';
import { type NodeAnswer, openRequestNode } from './request-node.ts';
import type { RheaLink } from './rhea-types.ts';

const CBS = '$cbs';
const NOTHING_TO_RELEASE = (): void => undefined;

/** The client has opened a sender: to a queue, or with requests. */
export function openClientSender(link: RheaLink, context: LinkContext): void {
  const text = link.target?.address ?? '';
  link.set_target({ address: text });
  if (typeof link.source?.address === 'string') link.set_source({ address: link.source.address });
  const address = parseAddress(text);
  if (text.toLowerCase() === CBS) openCbs(link, context);
  else if (address.management) openManagement(link, context, address);
  else openSender(link, context, address);
}

/** The client has opened a receiver: on a queue, or for the answers to its requests. */
export function openClientReceiver(link: RheaLink, context: LinkContext): void {
  const text = link.source?.address ?? '';
  const address = parseAddress(text);
  // The client decides how deliveries are settled; the answer has to confirm it.
  link.local.attach.snd_settle_mode = link.snd_settle_mode;
  link.local.attach.rcv_settle_mode = link.rcv_settle_mode;
  if (typeof link.target?.address === 'string') link.set_target({ address: link.target.address });
  link.set_source({ address: text });
  const { connection } = context;
  if (text.toLowerCase() === CBS) {
    addLink(connection, link, { address: undefined, actions: [], closed: NOTHING_TO_RELEASE });
    return;
  }
  if (address.management) {
    const actions: MessagingAction[] = ['servicebus/receive', 'servicebus/send'];
    entity(context, address, actions);
    addLink(connection, link, { address, actions, closed: NOTHING_TO_RELEASE });
    return;
  }
  const actions: MessagingAction[] = ['servicebus/receive'];
  const queue = entity(context, address, actions);
  if (link.source?.filter?.['com.microsoft:session-filter'] !== undefined) throw notImplemented('sessions');
  const detach = openEgress(link, queue, connection.stream, context.faults);
  addLink(connection, link, { address, actions, closed: detach });
}

function openCbs(link: RheaLink, { connection, faults }: LinkContext): void {
  openRequestNode(link, async ({ operation, properties, body }) => {
    if (operation !== 'put-token') throw notImplemented(operation);
    const audience = textOf(properties['name']);
    let token = textOf(body);
    const put = (): Promise<NodeAnswer> =>
      connection.claims.put({ type: textOf(properties['type']), audience, token });
    return faults.around(`put-token ${audienceAddress(audience).queue}`, put, {
      async 'stale-token'() {
        token = staleToken(token);
      },
    });
  });
  addLink(connection, link, { address: undefined, actions: [], closed: NOTHING_TO_RELEASE });
}

function openManagement(link: RheaLink, context: LinkContext, address: EntityAddress): void {
  const { connection, newMessageId, faults } = context;
  const actions: MessagingAction[] = ['servicebus/receive', 'servicebus/send'];
  const queue = entity(context, address, actions);
  const allows = (action: MessagingAction): boolean => connection.claims.allows(address, action);
  openRequestNode(link, (request) => {
    const operation = `${request.operation.replace('com.microsoft:', '')} ${queue.entity}`;
    const run = (): Promise<NodeAnswer> =>
      manage({ queue, address: address.text, allows, newMessageId }, request);
    return faults.around(operation, run, {
      'lock-lost': () => Promise.all(lockTokensOf(request.body).map((token) => loseLock(queue, token))),
    });
  });
  addLink(connection, link, { address, actions, closed: NOTHING_TO_RELEASE });
}

function openSender(link: RheaLink, context: LinkContext, address: EntityAddress): void {
  const { connection, newMessageId, faults } = context;
  const actions: MessagingAction[] = ['servicebus/send'];
  const queue = entity(context, address, actions);
  if (queue.isDeadLetter) {
    throw new BrokerError('amqp:not-allowed', 'Nothing can be sent to a dead-letter queue.');
  }
  const ingress = openIngress(link, queue, { newMessageId, faults });
  const limit = (): number => queue.shared.settings.maxMessageBytes;
  addLink(connection, link, {
    address,
    actions,
    raw: { limit, onMessage: ingress.onMessage },
    closed: NOTHING_TO_RELEASE,
  });
}

function entity(
  { connection, queues }: LinkContext,
  address: EntityAddress,
  actions: readonly MessagingAction[],
): QueueState {
  if (!connection.claims.allows(address, ...actions)) throw unauthorized(actions.join(' or '), address.text);
  const queue = queues.get(address.queue);
  const found = address.deadLetter ? queue?.deadLetter : queue;
  if (found === undefined) throw entityNotFound(address.text);
  return found;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
