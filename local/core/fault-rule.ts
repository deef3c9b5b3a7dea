import * as z from 'zod';

/** What a rule does, and at which services: HTTP ones, the broker, or all. */
const KINDS = {
  /** Answered with an error before the operation runs. */
  status: 'all',
  /** The operation starts late. */
  latency: 'all',
  /** The connection is cut before the operation runs. */
  reset: 'all',
  /** The operation runs to its end and the connection is cut in the middle of the answer's body. */
  'reset-mid-body': 'http',
  /** The operation runs to its end, then the connection is cut before the answer. */
  'lost-answer': 'all',
  /** The access token counts as expired. At identity (`issue {name}`): the token given out counts as expired. */
  'stale-token': 'all',
  /** The process is killed at `point`. */
  kill: 'all',
  /** `send`: the message is stored twice, as a sender leaves it that repeated itself after a lost answer. */
  duplicate: 'servicebus',
  /** `deliver`: the message is held back for `delayMs`, so that later ones overtake it. */
  reorder: 'servicebus',
  /** `deliver`, `settle`, `renew-lock`, `update-disposition`: the lock ends now, as if its time were up. */
  'lock-lost': 'servicebus',
} as const;
type FaultKind = keyof typeof KINDS;

/** Where the broker's own kinds act; a rule for another operation would be used up without effect. */
const BROKER_OPERATIONS: Partial<Record<FaultKind, RegExp>> = {
  'stale-token': /^put-token/i,
  duplicate: /^send/i,
  reorder: /^deliver/i,
  'lock-lost': /^(deliver|settle|renew-lock|update-disposition)/i,
};

export interface FaultRule {
  /** `identity`, `keyvault`, `blob`, `cosmos`, `servicebus` or `*`. */
  readonly service: string;
  /** The service's operation name; `*` stands for any run of characters. */
  readonly operation: string;
  readonly kind: FaultKind;
  /** HTTP status for `status`; default 503. */
  readonly status?: number;
  /** Seconds for the Retry-After header of `status`; without it the header is left out. */
  readonly retryAfter?: number;
  /** Milliseconds for `latency` and `reorder`; default 100. */
  readonly delayMs?: number;
  /** For `kill`: before the operation writes (default), or when it has written and not yet answered. */
  readonly point?: 'before-write' | 'before-answer';
  /** How many matching operations pass before the first is hit. Default 0. */
  readonly skip?: number;
  /** How many operations it hits before it is used up. */
  readonly times: number;
}

const count = z.int().min(0);
const faultRule = z.strictObject({
  service: z.string().min(1),
  operation: z.string().min(1),
  kind: z.enum(Object.keys(KINDS) as [FaultKind, ...FaultKind[]]),
  status: z.int().min(400).max(599).exactOptional(),
  retryAfter: z.number().min(0).exactOptional(),
  delayMs: z.number().min(0).exactOptional(),
  point: z.enum(['before-write', 'before-answer']).exactOptional(),
  skip: count.exactOptional(),
  times: count,
});
export const faultRules = z.array(faultRule);

/** Throws a RangeError where service, operation and kind do not go together. */
export function requireUsable(rule: FaultRule): FaultRule {
  const only: string = KINDS[rule.kind];
  const broker = rule.service === 'servicebus';
  if ((only === 'servicebus' && !broker) || (only === 'http' && broker)) {
    throw new RangeError(`a fault of kind '${rule.kind}' does not exist at service '${rule.service}'`);
  }
  const issues = rule.service === 'identity' && rule.kind === 'stale-token';
  const operations = issues ? /^issue/i : broker ? BROKER_OPERATIONS[rule.kind] : undefined;
  const acts = operations === undefined || operations.test(rule.operation);
  if (!acts || (broker && /^deliver/i.test(rule.operation) && operations === undefined)) {
    throw new RangeError(`a fault of kind '${rule.kind}' cannot hit operation '${rule.operation}'`);
  }
  return rule;
}
