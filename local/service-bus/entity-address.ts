/** A link address, taken apart. Compared in lower case, as Service Bus does. */
export interface EntityAddress {
  /** As the client wrote it. */
  readonly text: string;
  readonly queue: string;
  readonly deadLetter: boolean;
  readonly management: boolean;
}

const MANAGEMENT = '/$management';
const DEAD_LETTER = '/$deadletterqueue';

export function parseAddress(text: string): EntityAddress {
  let path = text.replace(/^\/+/, '').toLowerCase();
  const management = path.endsWith(MANAGEMENT);
  if (management) path = path.slice(0, -MANAGEMENT.length);
  const deadLetter = path.endsWith(DEAD_LETTER);
  if (deadLetter) path = path.slice(0, -DEAD_LETTER.length);
  return { text, queue: path, deadLetter, management };
}

/** The address in a token's audience, `sb://host:port/<address>`. The host is not compared. */
export function audienceAddress(audience: string): EntityAddress {
  return parseAddress(audience.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/\/+$/, ''));
}
