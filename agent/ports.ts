/** What the agent asks of the world. The adapters in azure/ keep these promises with the official clients. */
import type { ModelLink } from '../shared/contracts/api.ts';
import type { SigningKey, WrappingKey } from '../shared/contracts/keys.ts';
import type { SignDigest } from '../shared/sealing/signature.ts';

export interface Clock {
  /** Epoch milliseconds by this machine's clock: advisory. */
  now(this: void): number;
  /** Milliseconds from an arbitrary start that never go back. */
  monotonic(this: void): number;
  /** Resolves after `ms`, or early (never rejecting) when `signal` aborts. */
  sleep(this: void, ms: number, signal: AbortSignal): Promise<void>;
  /** Uniform in [0, 1), for jitter only. */
  random(this: void): number;
}

/** The silo's own queue. */
export interface Inbox {
  /**
   * Hands over message bodies one at a time until `signal` aborts, reconnecting for ever. A message is settled when
   * `handle` resolves and left to be delivered again when it rejects.
   */
  receive(handle: (body: unknown) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Whether the queue can be read; throws the reason. Takes nothing from it. */
  probe(): Promise<void>;
}

export interface Outbox {
  /** Resolves when the broker has accepted the message. */
  send(queue: 'updates' | 'signals', message: OutgoingMessage): Promise<void>;
  close(): Promise<void>;
}

export interface OutgoingMessage {
  /** Stable, so that a repeated send is recognised. */
  readonly messageId: string;
  /** Sent as JSON. */
  readonly body: unknown;
  readonly timeToLiveMs?: number;
  /** W3C trace context of the plan, so that one trace spans coordinator and silo. */
  readonly traceparent?: string;
}

/** The silo's container of sealed updates. */
export interface UpdateContainer {
  /** Creates the blob from a file; `exists` where the path is taken already. */
  create(path: string, file: string, signal: AbortSignal): Promise<'created' | 'exists'>;
  /** Whether the storage endpoint answers and a credential can be had; throws the reason. Writes nothing. */
  probe(): Promise<void>;
}

/** The silo's own keys. Private parts stay in its vault. */
export interface SiloKeys {
  kek(): Promise<WrappingKey>;
  sig(): Promise<SigningKey>;
  /** ES256 over a digest with `sig`. */
  readonly sign: SignDigest;
}

/** The coordinator's HTTP API as far as an agent uses it. */
export interface Coordinator {
  /** `over` where the round no longer hands out its model. */
  modelLink(participation: string, signal: AbortSignal): Promise<ModelLink | 'over'>;
  /** Thumbprint of the key that the coordinator signs plans with, by its own word. */
  planSigningThumbprint(signal: AbortSignal): Promise<string | null>;
}

/** A bearer token for one audience's `/.default` scope. */
export type TokenFor = (scope: string) => Promise<string>;

export interface World {
  readonly clock: Clock;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly updates: UpdateContainer;
  readonly keys: SiloKeys;
  readonly coordinator: Coordinator;
}
