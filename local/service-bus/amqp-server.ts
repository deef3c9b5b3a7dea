import type { Duplex } from 'node:stream';
import type { Authorize } from '../core/authorizer.ts';
import type { FaultPlan } from '../core/faults.ts';
import type { VerifyToken } from '../core/principal.ts';
import { BrokerError } from './broker-error.ts';
import { createClaims } from './claims.ts';
import {
  type ConnectionLimits,
  type ConnectionState,
  dropLink,
  eject,
  type LinkContext,
  sweepConnection,
} from './connection-state.ts';
import { createLinkFaults } from './link-faults.ts';
import { openClientReceiver, openClientSender } from './open-links.ts';
import type { QueueState } from './queue-state.ts';
import { acceptStream, createContainer, refuseLink, tapSession } from './rhea-adapter.ts';
import type { RheaConnection, RheaLink } from './rhea-types.ts';
import type { VerifySharedAccess } from './shared-access.ts';

export interface AmqpServerOptions {
  readonly queues: ReadonlyMap<string, QueueState>;
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  readonly sharedAccess: VerifySharedAccess | undefined;
  readonly now: () => number;
  readonly limits: ConnectionLimits;
  readonly newMessageId: () => string;
  readonly faults: FaultPlan | undefined;
}

export interface AmqpServer {
  /** Serves a client on an open stream. */
  accept(stream: Duplex): void;
  /** Looks at every connection's rights and limits; to be called every second or so. */
  sweep(): void;
  /** Cuts all connections, as a network failure would. */
  dropConnections(): void;
}

export function createAmqpServer(options: AmqpServerOptions): AmqpServer {
  const { queues, verify, authorize, sharedAccess, now, limits, newMessageId } = options;
  const contexts = new Map<RheaConnection, LinkContext>();
  const container = createContainer();

  function open(rheaConnection: RheaConnection, link: RheaLink | undefined, opener: Opener): void {
    const context = contexts.get(rheaConnection);
    if (context === undefined || link === undefined) return;
    const overload = overloaded(context.connection, limits);
    if (overload !== undefined) {
      refuseLink(link, overload);
      eject(context.connection, overload);
      return;
    }
    try {
      opener(link, context);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      refuseLink(link, error);
    }
  }

  function forget(rheaConnection: RheaConnection): void {
    const context = contexts.get(rheaConnection);
    if (context === undefined) return;
    contexts.delete(rheaConnection);
    for (const link of context.connection.links.keys()) dropLink(context.connection, link);
  }

  container.on('receiver_open', ({ connection, receiver }) => open(connection, receiver, openClientSender));
  container.on('sender_open', ({ connection, sender }) => open(connection, sender, openClientReceiver));
  container.on('session_open', ({ connection, session }) => {
    const context = contexts.get(connection);
    if (context === undefined || session === undefined) return;
    context.connection.sessions++;
    const overload = overloaded(context.connection, limits);
    if (overload !== undefined) eject(context.connection, overload);
    tapSession(session, {
      limitOf: (link) => context.connection.links.get(link)?.raw?.limit(),
      onMessage: (link, delivery, format, bytes) =>
        context.connection.links.get(link)?.raw?.onMessage(delivery, format, bytes),
    });
  });
  container.on('session_close', ({ connection, session }) => {
    const context = contexts.get(connection);
    if (context === undefined || session === undefined) return;
    context.connection.sessions--;
    for (const link of Object.values(session.links)) dropLink(context.connection, link);
  });
  container.on('connection_close', ({ connection }) => forget(connection));
  container.on('disconnected', ({ connection }) => forget(connection));
  // Peers that break the protocol lose their connection, which rhea sees to; there is nothing more to do about them.
  for (const event of ['error', 'protocol_error', 'connection_error', 'session_error']) {
    container.on(event, () => undefined);
  }
  for (const event of ['sender_error', 'receiver_error']) container.on(event, () => undefined);

  return {
    accept(stream) {
      stream.on('error', () => stream.destroy());
      const rheaConnection = acceptStream(container, stream);
      const connection: ConnectionState = {
        rhea: rheaConnection,
        stream,
        claims: createClaims({
          verify,
          authorize,
          sharedAccess,
          now,
          exists: (queue) => queues.has(queue),
        }),
        links: new Map(),
        sessions: 0,
        authorizedAt: now(),
      };
      const faults = createLinkFaults(options.faults, stream);
      contexts.set(rheaConnection, { connection, queues, newMessageId, faults });
      stream.on('close', () => forget(rheaConnection));
    },
    sweep() {
      for (const { connection } of contexts.values()) sweepConnection(connection, limits, now());
    },
    dropConnections() {
      for (const { connection } of contexts.values()) connection.stream.destroy();
    },
  };
}

type Opener = (link: RheaLink, context: LinkContext) => void;

function overloaded(connection: ConnectionState, limits: ConnectionLimits): BrokerError | undefined {
  const { links, sessions, claims } = connection;
  const limit = claims.present() ? limits.linksPerConnection : limits.linksUnauthenticated;
  if (links.size < limit && sessions <= limit) return undefined;
  return new BrokerError(
    'amqp:resource-limit-exceeded',
    'This connection has too many links or sessions.',
    403,
  );
}
