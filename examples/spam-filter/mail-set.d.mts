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

export interface LabelledRow {
  readonly row: { readonly columns: number[]; readonly values: number[] };
  readonly spam: boolean;
}

export function mailSetOf(mails: readonly LabelledRow[], dimensions: number): MailSet;
/** All mails of several sets of equal dimensions, in order. */
export function concatenated(sets: readonly MailSet[]): MailSet;
export function writeMailSet(file: string, set: MailSet): void;
/** Throws when the file is not a whole mail set. */
export function readMailSet(file: string): MailSet;
