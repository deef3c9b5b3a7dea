import * as z from 'zod';
import type { State } from '../ledger.ts';
import type { OpenWorkload } from '../workload.ts';
import { inParallel } from './in-parallel.ts';

const registered = z.array(
  z.object({
    name: z.string(),
    clientId: z.string(),
    grants: z.array(z.object({ scope: z.string() })),
  }),
);
const claims = z.object({ roles: z.array(z.string()) });
const SCOPE = 'servicebus/queues/';

/** `role-*`: identities, whose app role is the state and is read from tokens. `grant-*`: what one may do, if anything. */
export const openIdentity: OpenWorkload = async ({ port, adminPort }, ledger) => {
  async function call(name: string, ...args: unknown[]): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${adminPort}/${name}`, {
      method: 'POST',
      body: JSON.stringify(args),
    });
    return response.json();
  }
  const own = z.object({ clientId: z.string() }).parse(await call('ensureIdentity', { name: 'campaign' }));
  const answer = await call('ensureWorkload', { name: 'campaign', identities: ['campaign'] });
  process.env['IDENTITY_ENDPOINT'] = `http://127.0.0.1:${port}/msi/token`;
  process.env['IDENTITY_HEADER'] = z.object({ header: z.string() }).parse(answer).header;
  // Only now: the package looks for its source of tokens once per process.
  const { ManagedIdentityCredential } = await import('@azure/identity');

  /** The app role in a token from the managed identity endpoint, fetched afresh: its audience is new each time. */
  async function roleOf(clientId: string): Promise<State> {
    const audience = `api://campaign-${process.hrtime.bigint()}`;
    const { token } = await new ManagedIdentityCredential({ clientId }).getToken(audience);
    const [, payload = ''] = token.split('.');
    const { roles } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return roles[0] ?? null;
  }

  return {
    async step(worker, random) {
      const place = `${worker}-${Math.floor(random() * 5)}`;
      const state = `r${random()}`;
      const [role, grant] = [`role-${place}`, `grant-${place}`];
      if (ledger.inDoubt(role) || ledger.inDoubt(grant)) return;
      if (ledger.state(role) === null || random() < 0.5) {
        await ledger.change([role], state, () => call('ensureIdentity', { name: role, appRoles: [state] }));
        return;
      }
      const revoke = ledger.state(grant) !== null && random() < 0.4;
      const grants = revoke ? [] : [{ action: 'servicebus/send', scope: SCOPE + state }];
      await ledger.change([grant], revoke ? null : state, () => call('setGrants', role, grants));
    },
    async look(items) {
      const known = new Map(registered.parse(await call('identities')).map((one) => [one.name, one]));
      await call('ensureWorkload', { name: 'campaign', identities: ['campaign', ...known.keys()] });
      return inParallel(items, async (item) => {
        const identity = known.get(item.replace('grant-', 'role-'));
        if (identity === undefined) return null;
        if (item.startsWith('grant-')) return identity.grants[0]?.scope.slice(SCOPE.length) ?? null;
        return roleOf(identity.clientId);
      });
    },
    ping: () => roleOf(own.clientId),
    close: async () => undefined,
  };
};
