/** The query is wrong: the service answers 400 with this message. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
}

/** The query is right, but uses a feature that the embedded service does not have: 501 naming it. */
export class SqlUnsupported extends Error {
  override readonly name = 'SqlUnsupported';
  constructor(feature: string) {
    super(`${feature} is not available in the embedded Cosmos DB`);
  }
}
