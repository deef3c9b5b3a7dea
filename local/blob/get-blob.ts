import { createHash } from 'node:crypto';
import { requireContainer } from './access.ts';
import { extentsOf } from './apply-record.ts';
import { BlobError, invalidHeader } from './blob-error.ts';
import { type ByteRange, parseRange } from './byte-range.ts';
import { checkReadConditions } from './conditions.ts';
import type { ContainerState } from './container-state.ts';
import type { ExtentStore } from './extent-store.ts';
import { type FoundVersion, findVersion } from './find-version.ts';
import type { Version } from './model.ts';
import type { OperationContext, Reply } from './operation.ts';
import { httpDate, metadataHeaders, versionHeaders } from './read-headers.ts';

/** Most bytes of a range that the service gives an MD5 for, as in Azure. */
const MAX_RANGE_MD5_BYTES = 4 * 1024 * 1024;

/** Response headers that a link may set, by the parameter that sets them. */
const LINK_OVERRIDES: readonly (readonly [string, string])[] = [
  ['rscc', 'cache-control'],
  ['rscd', 'content-disposition'],
  ['rsce', 'content-encoding'],
  ['rscl', 'content-language'],
  ['rsct', 'content-type'],
];

/** Get Blob: the whole version or one range of it, streamed from disk. */
export async function getBlob(context: OperationContext): Promise<Reply> {
  const { request, extents } = context;
  const { state, found } = findReadable(context);
  const { version } = found;
  const range = parseRange(request, version.length);
  const whole = range ?? { start: 0, end: version.length - 1 };
  const held = [...extentsOf(version.blocks)];
  extents.hold(held);
  const release = (): void => extents.release(held);
  try {
    const headers =
      range === undefined
        ? readHeaders(context, state, found)
        : {
            ...readHeaders(context, state, found),
            ...rangeHeaders(version, range),
          };
    const md5 = await rangeMd5(context, version, range);
    if (range !== undefined && md5 === undefined) delete headers['content-md5'];
    if (md5 !== undefined) headers['content-md5'] = md5;
    headers['content-length'] = String(whole.end - whole.start + 1);
    return {
      status: range === undefined ? 200 : 206,
      headers,
      body: readRange(extents, version, whole),
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Get Blob Properties: the headers of Get Blob without a range. */
export async function getBlobProperties(context: OperationContext): Promise<Reply> {
  const { state, found } = findReadable(context);
  const headers = { ...readHeaders(context, state, found), 'content-length': String(found.version.length) };
  return { status: 200, headers };
}

export async function getBlobMetadata(context: OperationContext): Promise<Reply> {
  const { version } = findReadable(context).found;
  const headers = {
    etag: version.etag,
    'last-modified': httpDate(version.modified),
    ...metadataHeaders(version),
  };
  return { status: 200, headers };
}

function findReadable(context: OperationContext): { state: ContainerState; found: FoundVersion } {
  const state = requireContainer(context, 'blob/read');
  const found = findVersion(context.request, state.get(context.request.blob));
  checkReadConditions(context.request, found.version);
  return { state, found };
}

function readHeaders(
  { request, caller }: OperationContext,
  state: ContainerState,
  { version, isCurrent }: FoundVersion,
): Record<string, string> {
  const headers = versionHeaders(state, version, isCurrent);
  if (caller.credential !== 'link') return headers;
  for (const [parameter, header] of LINK_OVERRIDES) {
    const value = request.query.get(parameter);
    if (value) headers[header] = value;
  }
  return headers;
}

function rangeHeaders(version: Version, { start, end }: ByteRange): Record<string, string> {
  const md5 = version.content['content-md5'];
  return {
    'content-range': `bytes ${start}-${end}/${version.length}`,
    ...(md5 === undefined ? {} : { 'x-ms-blob-content-md5': md5 }),
  };
}

async function rangeMd5(
  { request, extents }: OperationContext,
  version: Version,
  range: ByteRange | undefined,
): Promise<string | undefined> {
  const asked = request.header('x-ms-range-get-content-md5')?.toLowerCase();
  if (asked === undefined || asked === 'false') return undefined;
  if (asked !== 'true' || range === undefined) throw invalidHeader('x-ms-range-get-content-md5');
  if (range.end - range.start + 1 > MAX_RANGE_MD5_BYTES) {
    throw new BlobError(400, 'OutOfRangeInput', 'The MD5 of a range is given for at most 4 MiB.');
  }
  const hash = createHash('md5');
  for await (const piece of readRange(extents, version, range)) hash.update(piece);
  return hash.digest('base64');
}

async function* readRange(
  extents: ExtentStore,
  version: Version,
  { start, end }: ByteRange,
): AsyncGenerator<Buffer> {
  let position = 0;
  for (const block of version.blocks) {
    const first = Math.max(start, position);
    const last = Math.min(end, position + block.length - 1);
    if (first <= last) yield* extents.read(block.extent, first - position, last - first + 1);
    position += block.length;
    if (position > end) return;
  }
}
