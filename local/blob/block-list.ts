import { requireContainer } from './access.ts';
import { BlobError, blobNotFound, invalidQuery } from './blob-error.ts';
import { checkPut, commitVersion, withBlob } from './commit-version.ts';
import type { BlobEntry, Block } from './model.ts';
import { parseMetadata } from './names.ts';
import type { OperationContext, Reply } from './operation.ts';
import { httpDate, versionIdHeader, writtenHeaders } from './read-headers.ts';
import { receiveText } from './receive-body.ts';
import { parseContentHeaders, parseProtection } from './write-headers.ts';
import { readFlatXml, textElement, xmlDocument } from './xml.ts';

const MAX_BLOCKS = 50_000;
/** Room for the longest list with the longest ids. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;

/** Put Block List: makes a version of staged blocks and of blocks of the current version. */
export async function putBlockList(context: OperationContext): Promise<Reply> {
  const { request } = context;
  const state = requireContainer(context, 'blob/create');
  checkPut(context, state, state.get(request.blob)?.current);
  const content = parseContentHeaders(request);
  const metadata = parseMetadata(request.metadata);
  const protection = parseProtection(request, state, context.now());
  const wanted = readFlatXml(await receiveText(context, MAX_LIST_BYTES), 'BlockList');
  if (wanted.length > MAX_BLOCKS) {
    throw new BlobError(400, 'BlockListTooLong', 'The block list may not contain more than 50,000 blocks.');
  }
  const committed = await withBlob(context, state, async (entry) => {
    checkPut(context, state, entry?.current);
    const blocks = findBlocks(wanted, entry);
    const length = blocks.reduce((sum, block) => sum + block.length, 0);
    return commitVersion(context, { length, blocks, content, metadata, ...protection });
  });
  return { status: 201, headers: { ...writtenHeaders(committed), ...versionIdHeader(state, committed) } };
}

function findBlocks(wanted: { name: string; text: string }[], entry: BlobEntry | undefined): Block[] {
  const committed = new Map(listed(entry?.current?.blocks ?? []).map((block) => [block.id, block]));
  const staged = entry?.staged ?? new Map<string, Block>();
  return wanted.map(({ name, text }) => {
    const block = pick(name, text, staged, committed);
    if (block === undefined) {
      throw new BlobError(400, 'InvalidBlockList', 'The specified block list is invalid.');
    }
    return block;
  });
}

function pick(
  from: string,
  id: string,
  staged: ReadonlyMap<string, Block>,
  committed: ReadonlyMap<string, Block>,
): Block | undefined {
  if (from === 'Latest') return staged.get(id) ?? committed.get(id);
  if (from === 'Uncommitted') return staged.get(id);
  return from === 'Committed' ? committed.get(id) : undefined;
}

/** Get Block List. A blob that has staged blocks only is there for this operation and for no other. */
export async function getBlockList(context: OperationContext): Promise<Reply> {
  const { request } = context;
  const state = requireContainer(context, 'blob/read');
  const type = request.query.get('blocklisttype') ?? 'committed';
  if (!['committed', 'uncommitted', 'all'].includes(type)) throw invalidQuery('blocklisttype');
  const versionId = request.query.get('versionid');
  const entry = state.get(request.blob);
  const version =
    versionId === undefined
      ? entry?.current
      : [...(entry?.previous ?? []), entry?.current].find((candidate) => candidate?.id === versionId);
  const staged =
    versionId === undefined ? (entry?.staged ?? new Map<string, Block>()) : new Map<string, Block>();
  if (version === undefined && staged.size === 0) throw blobNotFound();
  const lists = [
    type === 'uncommitted' ? '' : blockElements('CommittedBlocks', listed(version?.blocks ?? [])),
    type === 'committed' ? '' : blockElements('UncommittedBlocks', staged.values()),
  ];
  return {
    status: 200,
    headers: {
      'x-ms-blob-content-length': String(version?.length ?? 0),
      ...(version === undefined ? {} : { etag: version.etag, 'last-modified': httpDate(version.modified) }),
    },
    body: xmlDocument('BlockList', lists.join('')),
  };
}

/** A blob put in one piece has no block that a list could name. */
function listed(blocks: readonly Block[]): Block[] {
  return blocks.filter(({ id }) => id !== '');
}

function blockElements(list: string, blocks: Iterable<Block>): string {
  const elements = [...blocks].map(
    ({ id, length }) => `<Block>${textElement('Name', id)}${textElement('Size', length)}</Block>`,
  );
  return `<${list}>${elements.join('')}</${list}>`;
}
