import * as z from 'zod';
import { TokenRejected, type VerifyToken } from '../core/principal.ts';

/** An application of several tenants, with the one identity that may speak for it: Entra's federated credential. */
export interface Application {
  readonly clientId: string;
  readonly trusts: { readonly issuer: string; readonly subject: string; readonly audience: string };
}

/** Entra's refusals as the client libraries read them. */
export class ExchangeRefused extends Error {
  override readonly name = 'ExchangeRefused';
  readonly status: number;
  readonly error: string;
  readonly code: number;
  constructor(status: number, error: string, code: number, message: string) {
    super(message);
    this.status = status;
    this.error = error;
    this.code = code;
  }
}

const requestShape = z.object({
  grant_type: z.literal('client_credentials'),
  client_assertion_type: z.literal('urn:ietf:params:oauth:client-assertion-type:jwt-bearer'),
  client_id: z.string().min(1),
  client_assertion: z.string().min(1),
  scope: z.string().regex(/^(https|api):\/\/\S+\/\.default$/),
});

/**
 * A request for a token with an assertion in place of a secret (RFC 7523, section 2.2): which application asks, for which
 * audience. The assertion must be a token of the identity that the application trusts, for the audience that it names.
 *
 * @throws ExchangeRefused
 */
export async function readExchange(
  form: URLSearchParams,
  applications: readonly Application[],
  /** Checks tokens of one issuer; undefined where the issuer is not known. */
  verifierOf: (issuer: string) => VerifyToken | undefined,
): Promise<{ application: Application; audience: string }> {
  const parsed = requestShape.safeParse(Object.fromEntries(form));
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new ExchangeRefused(400, 'invalid_request', 900144, `The request body lacks a valid '${field}'.`);
  }
  const { client_id, client_assertion, scope } = parsed.data;
  const application = applications.find(({ clientId }) => clientId === client_id);
  if (application === undefined) throw unknownApplication(client_id);
  const { issuer, subject, audience } = application.trusts;
  const verify = verifierOf(issuer);
  if (verify === undefined) throw noMatch('issuer');
  const bearer = await verify(client_assertion, audience).catch((error: unknown) => {
    if (error instanceof TokenRejected) throw noMatch(error.reason);
    throw error;
  });
  if (bearer.objectId !== subject) throw noMatch('subject');
  return { application, audience: scope.slice(0, -'/.default'.length) };
}

export function unknownApplication(clientId: string): ExchangeRefused {
  const message = `Application with identifier '${clientId}' was not found in the directory.`;
  return new ExchangeRefused(400, 'unauthorized_client', 700016, message);
}

function noMatch(what: string): ExchangeRefused {
  const message = `No matching federated identity record found for the presented assertion: ${what}.`;
  return new ExchangeRefused(401, 'invalid_client', 70021, message);
}
