import type { IncomingMessage } from 'node:http';
import type { BlobRequest } from './blob-request.ts';
import type { Caller } from './caller.ts';
import type { Catalog } from './catalog.ts';
import type { DelegationKeys } from './delegation-keys.ts';
import type { ExtentStore } from './extent-store.ts';

/** What every operation works with. */
export interface OperationContext {
  readonly request: BlobRequest;
  /** The raw request, for its body only. */
  readonly message: IncomingMessage;
  readonly caller: Caller;
  readonly catalog: Catalog;
  readonly extents: ExtentStore;
  readonly keys: DelegationKeys;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as XML, a stream as the bytes it is; then `headers` carries the content length. */
  readonly body?: string | AsyncIterable<Buffer>;
  /** Called once the reply is out or its client is gone. */
  readonly release?: () => void;
}

export interface Operation {
  /** Azure's name for it, for messages and fault rules. */
  readonly name: string;
  readonly level: 'service' | 'container' | 'blob';
  readonly methods: readonly string[];
  readonly restype?: string;
  readonly comp?: string;
  /** Query parameters and `x-ms-*` headers it understands beyond those that all do. */
  readonly query?: readonly string[];
  readonly headers?: readonly string[];
  readonly metadata?: true;
  readonly conditions?: readonly string[];
  readonly run: (context: OperationContext) => Promise<Reply>;
}
