/** What the broker uses of rhea 3.0.5's objects, some of which the package's own typings leave out. */
export interface RheaError {
  readonly condition: string;
  readonly description: string;
}

export interface RheaOutcome {
  readonly error?: { readonly condition?: string; readonly info?: Record<string, unknown> } | null;
  readonly undeliverable_here?: boolean | null;
  readonly message_annotations?: Record<string, unknown> | null;
}

export interface RheaDelivery {
  readonly id: number;
  settled: boolean;
  remote_settled: boolean;
  readonly remote_state?: RheaOutcome;
}

export interface RheaTerminus {
  readonly address?: string | null;
  readonly filter?: Record<string, unknown> | null;
}

export interface RheaEvent {
  readonly connection: RheaConnection;
  readonly session?: RheaSession;
  readonly receiver?: RheaLink;
  readonly sender?: RheaLink;
  readonly delivery?: RheaDelivery;
  readonly message?: unknown;
}

interface Emitter {
  on(event: string, listener: (event: RheaEvent) => void): unknown;
}

export interface RheaLink extends Emitter {
  readonly name: string;
  readonly session: RheaSession;
  readonly connection: RheaConnection;
  readonly source?: RheaTerminus | null;
  readonly target?: RheaTerminus | null;
  readonly snd_settle_mode?: number;
  readonly rcv_settle_mode?: number;
  readonly local: {
    readonly attach: {
      source: unknown;
      target: unknown;
      snd_settle_mode: number | undefined;
      rcv_settle_mode: number | undefined;
      max_message_size: number;
    };
  };
  credit: number;
  delivery_count: number;
  issue_flow: boolean;
  readonly _draining?: boolean;
  readonly _incomplete?: unknown;
  _get_drain(): boolean;
  set_source(fields: { address: string }): void;
  set_target(fields: { address: string }): void;
  add_credit(credit: number): void;
  send(message: unknown, tag?: Buffer, format?: number): RheaDelivery;
  close(error?: RheaError): void;
  is_open(): boolean;
  is_sender(): boolean;
}

export interface RheaTransferFrame {
  readonly performative: {
    message_format?: number | null;
    readonly aborted?: boolean | null;
    readonly more?: boolean | null;
  };
  payload?: Buffer;
}

export interface RheaDispositionFrame {
  readonly performative: { readonly first: number; readonly last?: number | null };
}

export interface RheaSession {
  readonly connection: RheaConnection;
  readonly links: Readonly<Record<string, RheaLink>>;
  readonly outgoing: { available(): number; transfer_window(): number };
  on_transfer(frame: RheaTransferFrame): void;
  on_disposition(frame: RheaDispositionFrame): void;
  _get_link(frame: RheaTransferFrame): RheaLink;
  output(frame: unknown): void;
  is_open(): boolean;
}

export interface RheaConnection extends Emitter {
  readonly frame_size?: number;
  input(chunk: Buffer): void;
  output(): void;
  accept(socket: unknown): void;
  is_open(): boolean;
  close(error?: RheaError): void;
  _register(): void;
  _disconnected(error?: Error): void;
}

export interface RheaContainer extends Emitter {
  readonly sasl_server_mechanisms: Record<string, unknown> & { enable_anonymous(): void };
  create_connection(options: Record<string, unknown>): RheaConnection;
}
