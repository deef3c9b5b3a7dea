import { readBody, startHttpService } from '../../local/core/http-service.ts';
import type { IdentityService } from '../../local/identity/identity-service.ts';

/**
 * The registry is changed in-process by the cloud; here over HTTP, `POST /{call}` with the call's arguments as JSON.
 * Answers the port.
 */
export async function serveRegistry(registry: IdentityService): Promise<number> {
  const { port } = await startHttpService({
    port: 0,
    async handle(request, response) {
      const args: unknown = JSON.parse((await readBody(request, 65_536)).toString());
      response.end(JSON.stringify((await call(registry, (request.url ?? '').slice(1), args)) ?? null));
    },
  });
  return port;
}

async function call(registry: IdentityService, name: string, args: unknown): Promise<unknown> {
  switch (name) {
    case 'ensureIdentity':
      return registry.ensureIdentity(...(args as Parameters<IdentityService['ensureIdentity']>));
    case 'ensureWorkload':
      return registry.ensureWorkload(...(args as Parameters<IdentityService['ensureWorkload']>));
    case 'setGrants':
      return registry.setGrants(...(args as Parameters<IdentityService['setGrants']>));
    case 'identities':
      return registry.identities();
    default:
      throw new Error(`the registry has no call ${name}`);
  }
}
