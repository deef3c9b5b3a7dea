/**
 * Content of one block: a whole extent file, or the extent itself where that is small (inline-extent.ts). A blob
 * written in one piece is one block with an empty id.
 */
export interface Block {
  readonly id: string;
  readonly extent: string;
  readonly length: number;
}

/** Names are the response headers they become. */
export interface ContentHeaders {
  readonly 'content-type': string;
  readonly 'content-encoding'?: string;
  readonly 'content-language'?: string;
  readonly 'content-disposition'?: string;
  readonly 'cache-control'?: string;
  readonly 'content-md5'?: string;
}

export interface ImmutabilityPolicy {
  /** Epoch milliseconds. */
  readonly until: number;
  /** A locked policy can be extended and nothing else. */
  readonly locked: boolean;
}

/** What a client gave: a version without the identity that the service adds when it commits. */
export interface VersionDraft {
  readonly length: number;
  readonly blocks: readonly Block[];
  readonly content: ContentHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly policy?: ImmutabilityPolicy;
  readonly legalHold?: true;
}

export interface Version extends VersionDraft {
  /** `x-ms-version-id`. */
  readonly id: string;
  readonly etag: string;
  /** Epoch milliseconds; the wire shows whole seconds. */
  readonly modified: number;
  readonly created: number;
}

export interface BlobEntry {
  current: Version | undefined;
  /** Oldest first. Empty in a container without versioning. */
  previous: Version[];
  /** Uncommitted blocks by block id. */
  staged: Map<string, Block>;
  /** When the last block was staged, epoch milliseconds. */
  stagedAt: number;
}

export interface Container {
  readonly account: string;
  readonly name: string;
  readonly versioning: boolean;
  readonly etag: string;
  readonly modified: number;
}

/** Whether the content may not change and the version may not go. */
export function isProtected(version: Version, now: number): boolean {
  return version.legalHold === true || (version.policy !== undefined && version.policy.until > now);
}
