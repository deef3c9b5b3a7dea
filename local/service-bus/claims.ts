import type { Authorize } from '../core/authorizer.ts';
import { type Principal, TokenRejected, type VerifyToken } from '../core/principal.ts';
import { audienceAddress, type EntityAddress } from './entity-address.ts';

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
  readonly now: () => number;
  readonly exists: (queue: string) => boolean;
}

export const TOKEN_AUDIENCE = 'https://servicebus.azure.net';
const ENTITIES_PER_CONNECTION = 10_000;

export function createClaims({ verify, authorize, now, exists }: ClaimsOptions): Claims {
  const principals = new Map<string, Principal>();

  function permitted(principal: Principal | undefined, queue: string, actions: readonly MessagingAction[]) {
    if (principal === undefined || principal.expiresAt <= now()) return false;
    return actions.some((action) => authorize(principal, action, `servicebus/queues/${queue}`));
  }

  return {
    async put({ type, audience, token }) {
      if (type !== 'jwt') {
        return refused(
          'Only access tokens of type jwt are accepted; this namespace has no shared access keys.',
        );
      }
      let principal: Principal;
      try {
        principal = await verify(token, TOKEN_AUDIENCE);
      } catch (error) {
        if (error instanceof TokenRejected) return refused(`The token was rejected: ${error.reason}.`);
        throw error;
      }
      const { queue } = audienceAddress(audience);
      // Rights first: who has none on a name learns nothing about whether it exists.
      if (!permitted(principal, queue, ['servicebus/send', 'servicebus/receive'])) {
        return refused(`The identity has no right on '${queue}'.`);
      }
      if (!exists(queue)) {
        return {
          status: 404,
          description: `The messaging entity '${queue}' could not be found. status-code: 404`,
        };
      }
      if (principals.size < ENTITIES_PER_CONNECTION || principals.has(queue))
        principals.set(queue, principal);
      return { status: 202, description: 'Accepted' };
    },
    allows: ({ queue }, ...actions) => permitted(principals.get(queue), queue, actions),
    present() {
      const time = now();
      for (const { expiresAt } of principals.values()) if (expiresAt > time) return true;
      return false;
    },
  };
}

function refused(description: string): PutTokenAnswer {
  return { status: 401, description };
}
