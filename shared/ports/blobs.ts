import type { BlobReference, UpdatePin } from '../contracts/documents.ts';

/** Reads `length` bytes at `offset`; short only at the end of the blob. */
export type ReadRange = (offset: number, length: number) => Promise<Buffer>;

/** Fills `target` with the bytes at `offset`; an error where the blob ends before that. */
export type ReadInto = (offset: number, target: Uint8Array) => Promise<void>;

/** A new blob that does not exist until it is committed. One that is never committed leaves nothing to be seen. */
export interface BlobWriter {
  /** Takes the next bytes; the array is the caller's again once it resolves. */
  write(chunk: Uint8Array): Promise<void>;
  /** Answers what is at the path: these bytes, or those that somebody committed before. */
  commit(): Promise<BlobReference>;
}

/** Container `models`: global models by path, each written once. */
export interface ModelStore {
  /**
   * Streams a new blob; `produce` writes its bytes in order. Where the path exists already, its digest and length
   * are answered and nothing is written: a repeated activity finds its own work.
   */
  create(
    path: string,
    produce: (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<BlobReference>;
  begin(path: string): BlobWriter;
  stat(path: string): Promise<BlobReference | undefined>;
  reader(path: string): ReadRange;
  filler(path: string): ReadInto;
  /** A read link for this one blob, valid until `expiresAt` (epoch milliseconds). */
  link(path: string, expiresAt: number): Promise<string>;
}

/** Container `updates-{silo}`: sealed updates, read by the aggregator. */
export interface UpdateStore {
  /** Opens the present version of a blob for one pass; undefined where there is none. */
  open(silo: string, path: string): Promise<OpenedUpdate | undefined>;
  /** Ranges of exactly the pinned version. */
  filler(silo: string, pin: UpdatePin): ReadInto;
}

export interface OpenedUpdate {
  readonly bytes: number;
  readonly etag: string;
  readonly versionId?: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Container `rounds`: plans, cohorts, manifests, frozen sets; create-only documents by path. */
export interface RoundArchive {
  /** Writes bytes, or checks that the same bytes are there; other bytes at the path are an error. */
  put(path: string, bytes: Uint8Array): Promise<BlobReference>;
  /** Writes bytes unless the path is taken; answers what is there in either case. */
  putOrRead(path: string, bytes: Uint8Array): Promise<{ reference: BlobReference; bytes: Buffer }>;
  /** Verifies length and digest. */
  get(reference: BlobReference): Promise<Buffer>;
  find(path: string): Promise<{ reference: BlobReference; bytes: Buffer } | undefined>;
}

/** Container `shards`: what has been made of an aggregation under way, by path; written once, removed at its end. */
export interface ShardStore {
  begin(path: string): BlobWriter;
  filler(path: string): ReadInto;
  /** Writes bytes unless the path is taken. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  find(path: string): Promise<Buffer | undefined>;
  /** Whether or not there is anything at the path. */
  remove(path: string): Promise<void>;
}
