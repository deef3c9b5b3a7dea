/**
 * Small content lies in the blob's own record and not in a file of its own: one write to the log then makes content
 * and blob durable together, where a file costs six operations and two syncs. Its extent is the content itself.
 */
const MARK = 'inline:';
/** The records stay in memory, so no more than a plan, a manifest or a receipt needs. */
export const MAX_INLINE_BYTES = 4096;

export function inlineExtent(content: Buffer): string {
  return MARK + content.toString('base64');
}

/** The content, or undefined for an extent that is a file. */
export function inlineContent(extent: string): Buffer | undefined {
  return extent.startsWith(MARK) ? Buffer.from(extent.slice(MARK.length), 'base64') : undefined;
}
