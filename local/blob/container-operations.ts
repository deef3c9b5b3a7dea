import { requireContainer, requireOnAccount } from './access.ts';
import { permissionMismatch } from './blob-error.ts';
import { listAttributes } from './list-blobs.ts';
import type { OperationContext, Reply } from './operation.ts';
import { encodeMarker, parseInclude, parseMarker, parseMaxResults } from './paging.ts';
import { httpDate } from './read-headers.ts';
import { textElement, xmlDocument } from './xml.ts';

/** List Containers, for callers who may list the whole account. */
export async function listContainers(context: OperationContext): Promise<Reply> {
  const { request, catalog } = context;
  requireOnAccount(context, 'blob/list');
  parseInclude(request, ['metadata']);
  const prefix = request.query.get('prefix') ?? '';
  const from = parseMarker(request);
  const max = parseMaxResults(request);
  const matching = catalog
    .containers(request.account)
    .map(({ container }) => container)
    .filter(({ name }) => name.startsWith(prefix) && name >= from.name);
  const next = matching[max];
  const elements = matching.slice(0, max).map(({ name, etag, modified }) => {
    const properties = [
      textElement('Last-Modified', httpDate(modified)),
      textElement('Etag', etag.replaceAll('"', '')),
      textElement('LeaseStatus', 'unlocked'),
      textElement('LeaseState', 'available'),
    ];
    return `<Container>${textElement('Name', name)}<Properties>${properties.join('')}</Properties></Container>`;
  });
  const content = [
    textElement('Prefix', prefix),
    textElement('MaxResults', max),
    `<Containers>${elements.join('')}</Containers>`,
    textElement('NextMarker', next === undefined ? '' : encodeMarker({ name: next.name, versionId: '' })),
  ];
  return { status: 200, body: xmlDocument('EnumerationResults', content.join(''), listAttributes(context)) };
}

export async function getContainerProperties(context: OperationContext): Promise<Reply> {
  const { container } = requireContainer(context, 'blob/read', 'blob/list');
  return {
    status: 200,
    headers: {
      etag: container.etag,
      'last-modified': httpDate(container.modified),
      'x-ms-lease-status': 'unlocked',
      'x-ms-lease-state': 'available',
      'x-ms-has-immutability-policy': 'false',
      'x-ms-has-legal-hold': 'false',
      'x-ms-immutable-storage-with-versioning-enabled': String(container.versioning),
    },
  };
}

/** Containers are provisioned by whoever runs the cloud; no data-plane role makes or removes one. */
export async function refuseProvisioning(): Promise<Reply> {
  throw permissionMismatch();
}
