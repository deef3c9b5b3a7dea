/** An answer other than success, in the service's own terms: status, code, message, and for some a substatus. */
export class CosmosFailure extends Error {
  override readonly name = 'CosmosFailure';
  readonly status: number;
  readonly code: string;
  readonly substatus: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly substatus?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.substatus = more.substatus;
    this.headers = more.headers ?? {};
  }
}

export function badRequest(message: string, substatus?: number): CosmosFailure {
  return new CosmosFailure(400, 'BadRequest', message, substatus === undefined ? {} : { substatus });
}

export function notFound(what: string): CosmosFailure {
  return new CosmosFailure(404, 'NotFound', `${what} does not exist in the system.`);
}

export function preconditionFailed(): CosmosFailure {
  const message =
    'One of the specified pre-condition is not met: the item was changed meanwhile or the condition is false.';
  return new CosmosFailure(412, 'PreconditionFailed', message);
}

export function tooLarge(what: string): CosmosFailure {
  return new CosmosFailure(413, 'RequestEntityTooLarge', `${what} exceeds the size limit.`);
}

export function unsupported(operation: string): CosmosFailure {
  return new CosmosFailure(501, 'NotImplemented', `${operation} is not available in the embedded Cosmos DB.`);
}
