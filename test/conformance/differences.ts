/**
 * Where another backend fails a test for a reason that is known, with the source for our side. The conformance script
 * fails on any difference that is not here, and on any here that is gone.
 */
export interface Difference {
  readonly backend: string;
  readonly test: string;
  readonly backendDoes: string;
  /** Why ours is kept: a page of the service's reference, or that nobody has asked Azure yet. */
  readonly source: string;
}

const azurite = (test: string, backendDoes: string, source: string): Difference => ({
  backend: 'azurite',
  test,
  backendDoes,
  source,
});

export const differences: readonly Difference[] = [
  azurite(
    'answers 416 to a range that begins behind the end',
    'sends the blob or nothing with 200',
    'Blob service error codes: InvalidRange, 416',
  ),
  azurite(
    'answers 400 to a range it does not understand',
    'sends the whole blob, as RFC 9110 14.2 lets a server do',
    'not known of Azure; refused here, so that a wrong range never becomes a download of gigabytes',
  ),
  azurite(
    'answers 412 to If-Match: * where there is no blob',
    'makes the blob',
    'Specifying conditional headers: If-Match with * needs an existing resource',
  ),
  azurite(
    'answers 400 to two ETags in one condition',
    'compares with the whole text and answers 412',
    'not known of Azure; both refuse',
  ),
  azurite(
    'names what is wrong with an MD5',
    'answers 400 InvalidOperation',
    'Blob service error codes: Md5Mismatch and InvalidMd5, 400',
  ),
  azurite(
    'takes at most 8 KiB of metadata',
    'stores it',
    'Common error codes: MetadataTooLarge, 400; Set Blob Metadata: 8 KiB',
  ),
  azurite(
    'refuses a block list that is no such XML, names too many blocks or is too long',
    'answers 400 without a code, or takes it',
    'Put Block List: 50,000 blocks; error codes InvalidXmlDocument, BlockListTooLong, RequestBodyTooLarge',
  ),
  azurite(
    'gives the metadata alone, as plain HTTP clients ask for it',
    'sends the content too',
    'Get Blob Metadata: the response has no body',
  ),
  azurite(
    'refuses page sizes, markers and includes that it cannot honour',
    'takes maxresults=0',
    'List Blobs: maxresults below 1 is answered 400',
  ),
  azurite(
    'a delegation key lasts seven days at most and ends after it starts',
    'gives a key for any time',
    'Get User Delegation Key: Expiry within seven days',
  ),
  azurite(
    'a refused link says whether its signature or its permission is at fault',
    'answers 403 AuthorizationFailure to a wrong signature',
    'Common error codes: AuthenticationFailed, 403, where the signature does not verify',
  ),
];
