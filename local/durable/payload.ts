/** Above this the Azure Storage provider moves a payload to a blob: allowed, slow, and named in a warning. */
export const largePayloadBytes = 45 * 1024;
/** The limit of every provider, counted in UTF-16 as they do. */
export const customStatusLimitBytes = 16 * 1024;

export const isLarge = (text: string | null): boolean =>
  text !== null && (text.length > largePayloadBytes || Buffer.byteLength(text) > largePayloadBytes);

export const exceedsCustomStatus = (text: string): boolean => text.length * 2 > customStatusLimitBytes;

/** JSON text of a value; what JSON has no text for (undefined, a function) is null. */
export const toJson = (value: unknown): string => JSON.stringify(value ?? null) ?? 'null';
