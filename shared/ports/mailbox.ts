/** Sends to a silo's own queue. */
export interface SiloMailbox {
  /** `unreachable` where the queue does not exist or takes nothing: data, since one silo must not fail a round. */
  send(silo: string, message: OutgoingMessage): Promise<'sent' | 'unreachable'>;
}

export interface OutgoingMessage {
  /** Stable, so that a repeated send is recognised. */
  readonly messageId: string;
  readonly body: unknown;
  readonly timeToLiveMs: number;
}
