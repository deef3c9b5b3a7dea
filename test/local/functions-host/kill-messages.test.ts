/** Kills the host while it handles messages of a real broker, to which it comes with a managed identity. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import type { KillPoint } from '../../../local/durable/kill-point.ts';
import { startIdentity } from '../../../local/identity/identity-service.ts';
import { startServiceBus } from '../../../local/service-bus/start-service-bus.ts';
import { connect, everything, verifierOf } from '../service-bus/namespace.ts';
import { trustLocalCa } from '../trust.ts';
import { count, finalView, killing } from './host-client.ts';
import { type BuiltFixture, buildFixture, dataDirectory, startHostProcess, stopAll } from './host-process.ts';

let fixture: BuiltFixture;
beforeAll(async () => {
  fixture = await buildFixture();
});
afterAll(stopAll);

describe('a host that is killed while it handles messages', () => {
  it.each<KillPoint>(['message-before-settle', 'message-after-settle'])(
    '%s: every message leads to its one instance, and none is left',
    async (point) => {
      const data = dataDirectory();
      const tls = await ensureTlsMaterial(join(data, 'tls'));
      trustLocalCa(tls.caPem);
      const identity = await startIdentity({ port: 0, dataDir: data });
      const { clientId } = await identity.ensureIdentity({ name: 'host', appRoles: [] });
      await identity.setGrants('host', everything);
      const { header } = await identity.ensureWorkload({ name: 'host', identities: ['host'] });
      const anyone = verifierOf(Date.now);
      const bus = await startServiceBus({
        port: 0,
        dataDir: data,
        tls,
        verify: (text, audience) =>
          text.startsWith('sender|') ? anyone(text, audience) : identity.verify(text, audience),
        authorize: (principal, action, scope) =>
          principal.name === 'sender' || identity.authorize(principal, action, scope),
      });
      try {
        await bus.ensureQueue({ name: 'q', maxDeliveryCount: 10, lockDurationMs: 1_000 });
        const ids = Array.from({ length: 6 }, (_, index) => `message-${index}`);
        const client = connect(bus.endpoint, 'sender');
        await client.createSender('q').sendMessages(ids.map((id) => ({ body: id, messageId: id })));

        const environment = {
          FIXTURE_QUEUE: 'q',
          Fixture__fullyQualifiedNamespace: bus.endpoint,
          Fixture__clientId: clientId,
          IDENTITY_ENDPOINT: identity.managedIdentityEndpoint,
          IDENTITY_HEADER: header,
          AZURE_TOKEN_CREDENTIALS: 'prod',
          NODE_EXTRA_CA_CERTS: tls.caFile,
        };
        const host = join(data, 'host');
        const killed = await startHostProcess(fixture, host, { ...environment, ...killing(point, 2) });
        await killed.exited;
        const next = await startHostProcess(fixture, host, environment);
        const end = Date.now() + 12_000;
        while (bus.queues()[0]?.active !== 0 && Date.now() < end) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        expect(bus.queues()[0]).toMatchObject({ active: 0, deadLetter: 0 });
        for (const id of ids) {
          const view = await finalView(next, id);
          expect([id, view.output, count(view, 'ExecutionStarted')]).toEqual([id, [0, 2], 1]);
        }
        await next.kill('SIGKILL');
      } finally {
        await bus.close();
        await identity.close();
      }
    },
  );
});
