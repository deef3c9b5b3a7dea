import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { AppRole } from '../../shared/domain/resources.ts';
import type { Orchestrations } from '../../shared/ports/orchestrations.ts';
import type { Services } from '../../shared/ports/services.ts';
import { durableOrchestrations } from '../durable-orchestrations.ts';
import { problem } from './answers.ts';
import { type Authenticate, type Caller, mayActAs } from './authentication.ts';

/** What a handler gets: the world, and a caller whose role was checked. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly services: Services;
  readonly orchestrations: Orchestrations;
}
export type Handle = (exchange: Exchange) => Promise<HttpResponseInit>;

export interface EndpointWorld {
  readonly services: Services;
  readonly authenticate: Authenticate;
}

/** A refusal that any depth of a handler may answer with. */
export class Refused extends Error {
  readonly response: HttpResponseInit;
  constructor(response: HttpResponseInit) {
    super('refused');
    this.response = response;
  }
}

/** Authentication, roles and the form of errors, the same for every route. */
export function endpoint(world: EndpointWorld, roles: readonly AppRole[], handle: Handle) {
  return async (
    request: HttpRequest,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<HttpResponseInit> => {
    try {
      const caller = await world.authenticate(request.headers.get('authorization'));
      if ('rejected' in caller) {
        const headers = { 'www-authenticate': 'Bearer' };
        return problem(401, 'not-allowed', `Not signed in: ${caller.rejected}.`, { headers });
      }
      if (!roles.some((role) => mayActAs(caller, role))) {
        return problem(403, 'not-allowed', `This needs one of the roles ${roles.join(', ')}.`);
      }
      return await handle({
        request,
        caller,
        services: world.services,
        orchestrations: durableOrchestrations(client),
      });
    } catch (error) {
      if (error instanceof Refused) return error.response;
      context.error(`${request.method} ${new URL(request.url).pathname} failed`, error);
      const detail = `The service could not do this now; try again. Trace: ${context.invocationId}.`;
      return problem(503, 'internal', detail, { headers: { 'retry-after': '2' } });
    }
  };
}
