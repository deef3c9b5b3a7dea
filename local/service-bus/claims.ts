import type { Authorize } from '../core/authorizer.ts';
import { TokenRejected, type VerifyToken } from '../core/principal.ts';
import { audienceAddress, type EntityAddress } from './entity-address.ts';
import type { SharedAccessClaim, VerifySharedAccess } from './shared-access.ts';

export type MessagingAction = 'servicebus/send' | 'servicebus/receive';

export interface PutTokenAnswer {
  readonly status: number;
  readonly description: string;
}

/** Who one connection speaks for, per queue, as said by the tokens that it has put. */
export interface Claims {
  /** Takes a token for the entity that the audience names; a later one for the same entity replaces it. */
  put(request: { type: string; audience: string; token: string }): Promise<PutTokenAnswer>;
  /** Whether any of the actions is allowed right now: token unexpired, role in force. */
  allows(address: EntityAddress, ...actions: MessagingAction[]): boolean;
  /** Whether any unexpired token has been put. */
  present(): boolean;
}

export interface ClaimsOptions {
  readonly verify: VerifyToken;
  readonly authorize: Authorize;
  readonly sharedAccess: VerifySharedAccess | undefined;
  readonly now: () => number;
  readonly exists: (queue: string) => boolean;
}

export const TOKEN_AUDIENCE = 'https://servicebus.azure.net';
const SHARED_ACCESS = 'servicebus.windows.net:sastoken';
const ENTITIES_PER_CONNECTION = 10_000;

export function createClaims(options: ClaimsOptions): Claims {
  const { verify, authorize, sharedAccess, now, exists } = options;
  const claims = new Map<string, SharedAccessClaim>();

  function permitted(
    claim: SharedAccessClaim | undefined,
    queue: string,
    actions: readonly MessagingAction[],
  ) {
    if (claim === undefined || claim.expiresAt <= now()) return false;
    return actions.some((action) => claim.allows(action, queue));
  }

  /** The claim that a token makes, or why it makes none. */
  async function claimOf(type: string, token: string, queue: string): Promise<SharedAccessClaim | string> {
    if (type === SHARED_ACCESS && sharedAccess !== undefined) {
      const claim = sharedAccess(token, queue);
      return typeof claim === 'string' ? `The token was rejected: ${claim}.` : claim;
    }
    if (type !== 'jwt') {
      return 'Only access tokens of type jwt are accepted; this namespace has no shared access keys.';
    }
    try {
      const principal = await verify(token, TOKEN_AUDIENCE);
      return {
        expiresAt: principal.expiresAt,
        allows: (action, asked) => authorize(principal, action, `servicebus/queues/${asked}`),
      };
    } catch (error) {
      if (error instanceof TokenRejected) return `The token was rejected: ${error.reason}.`;
      throw error;
    }
  }

  return {
    async put({ type, audience, token }) {
      const { queue } = audienceAddress(audience);
      const claim = await claimOf(type, token, queue);
      if (typeof claim === 'string') return refused(claim);
      // Rights first: who has none on a name learns nothing about whether it exists.
      if (!permitted(claim, queue, ['servicebus/send', 'servicebus/receive'])) {
        return refused(`The identity has no right on '${queue}'.`);
      }
      if (!exists(queue)) {
        return {
          status: 404,
          description: `The messaging entity '${queue}' could not be found. status-code: 404`,
        };
      }
      if (claims.size < ENTITIES_PER_CONNECTION || claims.has(queue)) claims.set(queue, claim);
      return { status: 202, description: 'Accepted' };
    },
    allows: ({ queue }, ...actions) => permitted(claims.get(queue), queue, actions),
    present() {
      const time = now();
      for (const { expiresAt } of claims.values()) if (expiresAt > time) return true;
      return false;
    },
  };
}

function refused(description: string): PutTokenAnswer {
  return { status: 401, description };
}
