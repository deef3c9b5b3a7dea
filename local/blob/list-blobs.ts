import { requireContainer } from './access.ts';
import { type PageRow, pageOf } from './blob-page.ts';
import type { OperationContext, Reply } from './operation.ts';
import { encodeMarker, parseInclude, parseMarker, parseMaxResults } from './paging.ts';
import { httpDate } from './read-headers.ts';
import { escapeXml, textElement, xmlDocument } from './xml.ts';

const INCLUDES = ['metadata', 'versions', 'immutabilitypolicy', 'legalhold'];

/** List Blobs, flat or by hierarchy. */
export async function listBlobs(context: OperationContext): Promise<Reply> {
  const { request } = context;
  const state = requireContainer(context, 'blob/list');
  const include = parseInclude(request, INCLUDES);
  const prefix = request.query.get('prefix') ?? '';
  const delimiter = request.query.get('delimiter') ?? '';
  const max = parseMaxResults(request);
  const from = parseMarker(request);
  const { rows, next } = pageOf(state, { prefix, delimiter, from, max, versions: include.has('versions') });
  const content = [
    textElement('Prefix', prefix),
    textElement('MaxResults', max),
    delimiter === '' ? '' : textElement('Delimiter', delimiter),
    `<Blobs>${rows.map((row) => rowElement(row, include)).join('')}</Blobs>`,
    textElement('NextMarker', next === undefined ? '' : encodeMarker(next)),
  ];
  return { status: 200, body: xmlDocument('EnumerationResults', content.join(''), listAttributes(context)) };
}

/** Attributes of a listing's root that clients require. */
export function listAttributes({ request }: OperationContext): string {
  const endpoint = `https://${request.header('host') ?? ''}/${request.account}/`;
  const container = request.container === '' ? '' : ` ContainerName="${escapeXml(request.container)}"`;
  return ` ServiceEndpoint="${escapeXml(endpoint)}"${container}`;
}

function rowElement(row: PageRow, include: ReadonlySet<string>): string {
  if (row.kind === 'prefix') return `<BlobPrefix>${textElement('Name', row.name)}</BlobPrefix>`;
  const { name, version, isCurrent } = row;
  const versionElements = include.has('versions')
    ? textElement('VersionId', version.id) + (isCurrent ? textElement('IsCurrentVersion', true) : '')
    : '';
  const pairs = include.has('metadata') ? Object.entries(version.metadata) : [];
  const metadata =
    pairs.length === 0
      ? ''
      : `<Metadata>${pairs.map(([key, value]) => textElement(key, value)).join('')}</Metadata>`;
  const properties = `<Properties>${propertyElements(row, include)}</Properties>`;
  return `<Blob>${textElement('Name', name)}${versionElements}${properties}${metadata}</Blob>`;
}

const CONTENT_ELEMENTS = [
  ['content-type', 'Content-Type'],
  ['content-encoding', 'Content-Encoding'],
  ['content-language', 'Content-Language'],
  ['content-md5', 'Content-MD5'],
  ['content-disposition', 'Content-Disposition'],
  ['cache-control', 'Cache-Control'],
] as const;

function propertyElements(
  { version }: Extract<PageRow, { kind: 'blob' }>,
  include: ReadonlySet<string>,
): string {
  const elements = [
    textElement('Creation-Time', httpDate(version.created)),
    textElement('Last-Modified', httpDate(version.modified)),
    textElement('Etag', version.etag.replaceAll('"', '')),
    textElement('Content-Length', version.length),
  ];
  for (const [header, element] of CONTENT_ELEMENTS) {
    const value = version.content[header];
    if (value !== undefined) elements.push(textElement(element, value));
  }
  elements.push(textElement('BlobType', 'BlockBlob'), textElement('LeaseStatus', 'unlocked'));
  elements.push(textElement('LeaseState', 'available'), textElement('ServerEncrypted', true));
  if (include.has('immutabilitypolicy') && version.policy !== undefined) {
    elements.push(textElement('ImmutabilityPolicyUntilDate', httpDate(version.policy.until)));
    elements.push(textElement('ImmutabilityPolicyMode', version.policy.locked ? 'locked' : 'unlocked'));
  }
  if (include.has('legalhold') && version.legalHold === true) elements.push(textElement('LegalHold', true));
  return elements.join('');
}
