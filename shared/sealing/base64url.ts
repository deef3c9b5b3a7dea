/**
 * Strict base64url (RFC 4648 section 5, no padding): undefined unless the text is the one encoding of its bytes.
 * Node's own decoder skips what it does not know and ignores stray low bits, so many texts would pass for one.
 */
export function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
