/**
 * Everything that reaches into rhea 3.0.5 beyond its public interface, each with its reason. The package is pinned to
 * that version; nothing of it is patched, all overrides sit on single connections, sessions and links.
 */
import type { Duplex } from 'node:stream';
import rhea from 'rhea';
import frames from 'rhea/lib/frames.js';
import { asBrokerError, type BrokerError } from './broker-error.ts';
import type {
  RheaConnection,
  RheaContainer,
  RheaDelivery,
  RheaError,
  RheaLink,
  RheaSession,
} from './rhea-types.ts';

export const BATCH_FORMAT = 0x80013700;
/** A message format that rhea does not know, so that it hands messages over as they came. */
const RAW_FORMAT = 0x7261_7731;
const EMPTY_FRAME = Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]);
export const MAX_FRAME_BYTES = 65_536;
const DISPOSITION_SPAN = 10_000;
const OUTGOING_DELIVERIES = 8192;

export function createContainer(): RheaContainer {
  const container = rhea.create_container({ id: 'tributary-service-bus' }) as unknown as RheaContainer;
  container.sasl_server_mechanisms.enable_anonymous();
  // The mechanism that other languages' clients ask for; claims come by put-token all the same.
  container.sasl_server_mechanisms['MSSBCBS'] = container.sasl_server_mechanisms['ANONYMOUS'];
  return container;
}

/** Serves AMQP on an open duplex stream (TLS socket or WebSocket). */
export function acceptStream(container: RheaContainer, stream: Duplex): RheaConnection {
  const connection = container.create_connection({
    max_frame_size: MAX_FRAME_BYTES,
    channel_max: 4999,
    idle_time_out: 120_000,
    reconnect: false,
    // Unsettled deliveries per session; the outgoing default of 2048 stalls a busy receiver.
    session_buffer_size: { incoming: 5000, outgoing: OUTGOING_DELIVERIES },
    receiver_options: { credit_window: 0, autoaccept: false, autosettle: false },
    sender_options: { treat_modified_as_released: false },
  });
  corkOutput(connection, stream);
  connection.accept(stream);
  guardInput(connection, stream);
  return connection;
}

/**
 * An attach and the flow with the first credit must arrive together: a client that sees the link open without credit
 * sleeps a full second. So output is held until everything that has arrived by now has been worked on, which also
 * puts many small answers into one TLS record and one system call.
 */
function corkOutput(connection: RheaConnection, stream: Duplex): void {
  const output = connection.output.bind(connection);
  let corked = false;
  connection.output = () => {
    if (!corked && !stream.destroyed) {
      corked = true;
      stream.cork();
      setImmediate(() => {
        corked = false;
        stream.uncork();
      });
    }
    output();
  };
}

/**
 * Feeds the stream to rhea under a guard. Frames above the limit end the connection, which rhea alone would collect
 * without bound. Chunks that lead to no answer are answered with an empty frame: the official client leaves Nagle's
 * algorithm on, and its next small write would otherwise wait for a delayed acknowledgement, about 40 ms.
 */
function guardInput(connection: RheaConnection, stream: Duplex): void {
  const output = connection.output.bind(connection);
  let owed = false;
  connection.output = () => {
    owed = false;
    output();
  };
  stream.removeAllListeners('data');
  stream.on('data', (chunk: Buffer) => {
    const first = !owed;
    owed = true;
    connection.input(chunk);
    if ((connection.frame_size ?? 0) > MAX_FRAME_BYTES) {
      stream.destroy();
      return;
    }
    if (!first) return;
    setImmediate(() => {
      if (owed && connection.is_open() && stream.writable) stream.write(EMPTY_FRAME);
      owed = false;
    });
  });
  // rhea hears only the end of a stream; a destroyed one has none, and its heartbeats would go on.
  stream.on('close', () => connection._disconnected());
}

export interface RawTransfers {
  /** The largest message that the link takes, or undefined for links whose messages rhea decodes. */
  limitOf(link: RheaLink): number | undefined;
  /** A complete message; `bytes` is undefined when it was larger than the limit. */
  onMessage(link: RheaLink, delivery: RheaDelivery, format: number, bytes: Buffer | undefined): void;
}

const DECODED_LIMIT = 1024 * 1024;

/**
 * Takes messages from a session undecoded: rhea would lose AMQP types that it does not tell apart. Also bounds what
 * rhea gathers for a message in many frames, and the spans of dispositions, which it walks number by number.
 */
export function tapSession(session: RheaSession, transfers: RawTransfers): void {
  const incoming = new WeakMap<RheaLink, { format: number; size: number; tooLarge: boolean }>();
  const onTransfer = session.on_transfer.bind(session);
  const onDisposition = session.on_disposition.bind(session);
  session.on_transfer = (frame) => {
    const link = session._get_link(frame);
    const { performative } = frame;
    if (performative.aborted === true) throw new Error('aborted transfers are not supported');
    const limit = transfers.limitOf(link);
    let state = incoming.get(link);
    if (link._incomplete === undefined || state === undefined) {
      state = { format: performative.message_format ?? 0, size: 0, tooLarge: false };
      incoming.set(link, state);
      if (limit !== undefined) performative.message_format = RAW_FORMAT;
    }
    state.size += frame.payload?.length ?? 0;
    if (limit === undefined && state.size > DECODED_LIMIT) throw new Error('a request is too large');
    if (limit !== undefined && state.size > limit) state.tooLarge = true;
    if (state.tooLarge) frame.payload = Buffer.alloc(0);
    frame.payload ??= Buffer.alloc(0);
    onTransfer(frame);
  };
  session.on_disposition = (frame) => {
    const { first, last } = frame.performative;
    if ((last ?? first) - first > DISPOSITION_SPAN)
      throw new Error('a disposition spans too many deliveries');
    onDisposition(frame);
  };
  taps.set(session, (link, delivery, message) => {
    const state = incoming.get(link);
    if (state === undefined || !Buffer.isBuffer(message)) return;
    transfers.onMessage(link, delivery, state.format, state.tooLarge ? undefined : message);
  });
}

const taps = new WeakMap<RheaSession, (link: RheaLink, delivery: RheaDelivery, message: unknown) => void>();

/** Routes the raw messages of a link to the {@link RawTransfers} of its session. */
export function receiveRaw(link: RheaLink): void {
  link.on('message', ({ delivery, message }) => {
    if (delivery !== undefined) taps.get(link.session)?.(link, delivery, message);
  });
}

/**
 * Answers sent messages. rhea's own batching does not compare the outcomes of neighbours and would tell a sender of
 * a refused message that it was accepted, so the frames are written here.
 */
export function answerDeliveries(
  link: RheaLink,
  deliveries: readonly RheaDelivery[],
  error?: BrokerError,
): void {
  for (const delivery of deliveries) delivery.settled = true;
  if (!link.session.is_open()) return;
  const state = error === undefined ? acceptedOutcome() : rejectedOutcome(error);
  let first: number | undefined;
  deliveries.forEach(({ id }, index) => {
    first ??= id;
    if (deliveries[index + 1]?.id === id + 1) return;
    link.session.output(frames.disposition({ role: true, first, last: id, settled: true, state }));
    first = undefined;
  });
  link.connection._register();
}

/** Ends the two-phase settlement of a delivered message; `state` echoes the outcome or carries the refusal. */
export function settleDelivery(link: RheaLink, delivery: RheaDelivery, state: unknown): void {
  if (!delivery.remote_settled && link.session.is_open()) {
    const { id } = delivery;
    link.session.output(frames.disposition({ role: false, first: id, last: id, settled: true, state }));
  }
  delivery.settled = true;
  // The client sends no final disposition; without this the session's buffer of deliveries would never empty.
  delivery.remote_settled = true;
  link.connection._register();
}

export interface OutgoingLink {
  /** Messages that may still be handed to rhea. */
  room(): number;
  send(bytes: Buffer, tag: Buffer | undefined): RheaDelivery;
  /** Answers a drain that is waiting, once all that was handed over has left. */
  answerDrain(): void;
}

/**
 * Counts what rhea holds for a link but has not sent yet, which its credit does not show, and answers every drain,
 * also one without credit left: rhea keeps silent then, and the client would close the link.
 */
export function outgoingLink(link: RheaLink): OutgoingLink {
  let handed = link.delivery_count;
  let draining = false;
  const unsent = (): number => handed - link.delivery_count;
  link.on('sender_flow', () => {
    if (link._draining === true) draining = true;
  });
  link._get_drain = () => {
    if (!draining) return false;
    draining = false;
    handed += link.credit;
    link.delivery_count += link.credit;
    link.credit = 0;
    return true;
  };
  return {
    room: () => (link.is_open() ? Math.min(link.credit - unsent(), link.session.outgoing.available()) : 0),
    send(bytes, tag) {
      const delivery = link.send(bytes, tag ?? Buffer.alloc(0), 0);
      handed++;
      return delivery;
    },
    answerDrain() {
      if (!draining || !link.is_open()) return;
      if (unsent() > 0 && link.session.outgoing.transfer_window() <= 0) {
        setImmediate(() => this.answerDrain());
        return;
      }
      link.issue_flow = true;
      link.connection._register();
    },
  };
}

/** Refuses a link as the protocol wants it: an attach without terminus, then a detach that says why. */
export function refuseLink(link: RheaLink, error: BrokerError): void {
  link.local.attach.source = undefined;
  link.local.attach.target = undefined;
  link.close(amqpError(error));
}

export function amqpError(error: unknown): RheaError {
  const { condition, message } = asBrokerError(error);
  return { condition, description: message };
}

/** Missing from the package's typings. */
type OutcomeFactory = Record<
  'accepted' | 'released' | 'modified' | 'rejected',
  (fields: { error?: RheaError }) => { described(): unknown }
>;
const outcomes = rhea.message as unknown as OutcomeFactory;

export const acceptedOutcome = (): unknown => outcomes.accepted({}).described();
export const releasedOutcome = (): unknown => outcomes.released({}).described();
export const modifiedOutcome = (): unknown => outcomes.modified({}).described();
export const rejectedOutcome = (error?: BrokerError): unknown =>
  outcomes.rejected(error === undefined ? {} : { error: amqpError(error) }).described();
