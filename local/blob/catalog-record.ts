import type { Block, Container, Version } from './model.ts';

interface BlobAddress {
  readonly account: string;
  readonly container: string;
  readonly blob: string;
}

/**
 * One durable change. Applying a record to a state that holds it already changes nothing, which lets a compaction
 * overlap with changes under way.
 */
export type CatalogRecord =
  | { readonly kind: 'container'; readonly value: Container }
  /** Floor of the version clock: a deleted version must not lend its ETag to a later one. */
  | { readonly kind: 'clock'; readonly tick: number }
  /** A new current version; staged blocks go unless kept, the version before stays only under versioning. */
  | (BlobAddress & {
      readonly kind: 'put';
      readonly version: Version;
      readonly tick: number;
      readonly keepStaged?: true;
    })
  /** A version with the same id takes the place of the one there. */
  | (BlobAddress & { readonly kind: 'revise'; readonly version: Version; readonly tick: number })
  /** The current version goes, or becomes a previous one under versioning. */
  | (BlobAddress & { readonly kind: 'delete'; readonly id: string })
  | (BlobAddress & { readonly kind: 'delete-version'; readonly id: string })
  | (BlobAddress & { readonly kind: 'stage'; readonly block: Block; readonly at: number })
  | (BlobAddress & { readonly kind: 'unstage' })
  /** The whole of one blob: only in snapshots. */
  | (BlobAddress & {
      readonly kind: 'blob';
      readonly current?: Version;
      readonly previous: readonly Version[];
      readonly staged: readonly Block[];
      readonly stagedAt: number;
    });

export type BlobRecord = Extract<CatalogRecord, BlobAddress>;

export function encodeRecord(record: CatalogRecord): Buffer {
  return Buffer.from(JSON.stringify(record));
}

/** Trusts the content: the log's frames carry a checksum and only this process writes them. */
export function decodeRecord(bytes: Buffer): CatalogRecord {
  return JSON.parse(bytes.toString()) as CatalogRecord;
}
