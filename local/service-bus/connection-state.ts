import type { Duplex } from 'node:stream';
import type { BrokerError } from './broker-error.ts';
import type { Claims, MessagingAction } from './claims.ts';
import type { EntityAddress } from './entity-address.ts';
import type { LinkFaults } from './link-faults.ts';
import type { QueueState } from './queue-state.ts';
import type { RheaConnection, RheaDelivery, RheaLink } from './rhea-types.ts';

/** An open link and the right that it lives by; request links without one live as long as their connection. */
export interface LinkState {
  readonly address: EntityAddress | undefined;
  readonly actions: readonly MessagingAction[];
  /** For links whose messages come undecoded. */
  readonly raw?: {
    /** Bytes. */
    limit(): number;
    onMessage(delivery: RheaDelivery, format: number, bytes: Buffer | undefined): void;
  };
  /** Releases what the link holds in the broker. Called once. */
  closed(): void;
}

export interface ConnectionState {
  readonly rhea: RheaConnection;
  readonly stream: Duplex;
  readonly claims: Claims;
  readonly links: Map<RheaLink, LinkState>;
  sessions: number;
  /** Epoch milliseconds of the last moment with a valid token, or of the start. */
  authorizedAt: number;
}

/** What a link is opened with. */
export interface LinkContext {
  readonly connection: ConnectionState;
  readonly queues: ReadonlyMap<string, QueueState>;
  readonly newMessageId: () => string;
  readonly faults: LinkFaults;
}

export interface ConnectionLimits {
  /** Milliseconds that a connection may stay without a valid token. */
  readonly unauthenticatedMs: number;
  readonly linksPerConnection: number;
  /** Links and sessions before the first token: `$cbs` needs one session and two links. */
  readonly linksUnauthenticated: number;
}

export const DEFAULT_LIMITS: ConnectionLimits = {
  unauthenticatedMs: 30_000,
  linksPerConnection: 5_000,
  linksUnauthenticated: 16,
};

export function addLink(connection: ConnectionState, link: RheaLink, state: LinkState): void {
  connection.links.set(link, state);
  const closed = (): void => dropLink(connection, link);
  link.on(link.is_sender() ? 'sender_close' : 'receiver_close', closed);
}

export function dropLink(connection: ConnectionState, link: RheaLink): void {
  const state = connection.links.get(link);
  if (!connection.links.delete(link)) return;
  state?.closed();
}

const EJECT_GRACE_MS = 1000;

/** Closes the connection with a reason, and cuts it where the client does not follow. */
export function eject({ rhea, stream }: ConnectionState, error: BrokerError): void {
  rhea.close({ condition: error.condition, description: error.message });
  setTimeout(() => stream.destroy(), EJECT_GRACE_MS).unref();
}

/** Closes every link whose right is gone, by an expired token or a revoked role, and connections without any token. */
export function sweepConnection(connection: ConnectionState, limits: ConnectionLimits, now: number): void {
  if (connection.claims.present()) connection.authorizedAt = now;
  else if (now - connection.authorizedAt > limits.unauthenticatedMs) {
    connection.stream.destroy();
    return;
  }
  for (const [link, { address, actions }] of connection.links) {
    if (address === undefined || connection.claims.allows(address, ...actions)) continue;
    link.close({
      condition: 'amqp:unauthorized-access',
      description: 'The token has expired or no longer grants access to this entity.',
    });
    dropLink(connection, link);
  }
}
