/**
 * Shared access signatures, for people who bring connection strings: off unless rules are defined. A rule has a name,
 * a key and rights, on the namespace or on one queue, at most twelve at each, as Service Bus has it. A token is signed
 * by HMAC-SHA256 with a rule's key over `{resource}\n{expiry}`, resource as it stands in the token, URL-encoded.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { audienceAddress } from './entity-address.ts';

export interface SharedAccessRule {
  readonly name: string;
  /** `manage` includes the others. */
  readonly rights: readonly ('send' | 'listen' | 'manage')[];
  readonly key: string;
  /** Absent: the rule holds on the whole namespace. */
  readonly queue?: string;
}

/** What a token lets its bearer do, and until when in epoch milliseconds. */
export interface SharedAccessClaim {
  readonly expiresAt: number;
  allows(action: 'servicebus/send' | 'servicebus/receive', queue: string): boolean;
}

/** Reads a token put for `queue`; the reason where it is refused. */
export type VerifySharedAccess = (token: string, queue: string) => SharedAccessClaim | string;

const RULES_PER_ENTITY = 12;
const RIGHT_OF = { 'servicebus/send': 'send', 'servicebus/receive': 'listen' } as const;

/** @throws RangeError for rules that Service Bus would refuse. */
export function createSharedAccess(
  rules: readonly SharedAccessRule[],
  now: () => number,
): VerifySharedAccess | undefined {
  if (rules.length === 0) return undefined;
  checkRules(rules);

  return (token, queue) => {
    const fields = readToken(token);
    if (fields === undefined) return 'malformed';
    const { resource, signature, expiry, ruleName } = fields;
    const expiresAt = Number(expiry) * 1000;
    const scope = audienceAddress(decodeURIComponent(resource)).queue;
    const signed = rules.filter(
      (rule) => rule.name === ruleName && isSignedBy(rule.key, `${resource}\n${expiry}`, signature),
    );
    if (signed.length === 0) return 'signature';
    if (!(expiresAt > now())) return 'expired';
    if (scope !== '' && scope !== queue) return 'audience';
    return {
      expiresAt,
      allows: (action, asked) =>
        (scope === '' || scope === asked) &&
        signed.some(
          (rule) =>
            (rule.queue === undefined || rule.queue === asked) &&
            (rule.rights.includes('manage') || rule.rights.includes(RIGHT_OF[action])),
        ),
    };
  };
}

function checkRules(rules: readonly SharedAccessRule[]): void {
  const perEntity = new Map<string, Set<string>>();
  for (const { name, queue = '', key, rights } of rules) {
    const names = perEntity.get(queue) ?? new Set();
    perEntity.set(queue, names);
    if (!/^[\w.-]{1,256}$/.test(name) || names.has(name)) {
      throw new RangeError(`shared access rule '${name}' has a name that cannot be, or that is taken`);
    }
    if (key === '' || rights.length === 0)
      throw new RangeError(`shared access rule '${name}' has no key or no right`);
    names.add(name);
    if (names.size > RULES_PER_ENTITY) {
      const where = queue === '' ? 'the namespace' : `queue '${queue}'`;
      throw new RangeError(`${where} has more than ${RULES_PER_ENTITY} shared access rules`);
    }
  }
}

/** `SharedAccessSignature sr=..&sig=..&se=..&skn=..`, in any order; the resource stays encoded. */
function readToken(token: string) {
  const text = /^SharedAccessSignature (.+)$/.exec(token)?.[1];
  const pairs = new Map(
    (text ?? '').split('&').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  try {
    const [resource, expiry] = [pairs.get('sr') ?? '', pairs.get('se') ?? ''];
    const signature = Buffer.from(decodeURIComponent(pairs.get('sig') ?? ''), 'base64');
    const ruleName = decodeURIComponent(pairs.get('skn') ?? '');
    decodeURIComponent(resource);
    return resource === '' || !/^\d{1,12}$/.test(expiry)
      ? undefined
      : { resource, expiry, signature, ruleName };
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function isSignedBy(key: string, text: string, signature: Buffer): boolean {
  const expected = createHmac('sha256', key).update(text).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}
