export interface MailSet {
  /** Length of a full row. */
  readonly dimensions: number;
  /** Mail `i` has the entries `offsets[i]` to `offsets[i + 1]`. */
  readonly offsets: Uint32Array;
  readonly values: Float32Array;
  readonly columns: Uint16Array;
  /** 1 is spam. */
  readonly labels: Uint8Array;
}

/** Throws when the file is not a whole mail set. */
export function readMailSet(file: string): MailSet;
