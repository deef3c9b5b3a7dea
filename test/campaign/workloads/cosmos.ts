import { CosmosClient } from '@azure/cosmos';
import * as z from 'zod';
import type { State } from '../ledger.ts';
import { anyCredential, type OpenWorkload } from '../workload.ts';

const rows = z.array(z.object({ id: z.string(), state: z.string() }));

/** Creates, replaces, upserts, patches and deletes of six items per worker, and batches over two more. */
export const openCosmos: OpenWorkload = async ({ port }, ledger) => {
  const client = new CosmosClient({
    endpoint: `https://127.0.0.1:${port}`,
    aadCredentials: anyCredential,
    connectionPolicy: { requestTimeout: 5_000, retryOptions: { maxRetryAttemptCount: 0 } },
  });
  const container = client.database('campaign').container('items');

  async function put(id: string, pk: string, state: string, way: number): Promise<unknown> {
    if (ledger.state(id) === null) return container.items.create({ id, pk, state });
    if (way < 0.3) return container.items.upsert({ id, pk, state });
    if (way < 0.6) return container.item(id, pk).replace({ id, pk, state });
    return container.item(id, pk).patch([{ op: 'set', path: '/state', value: state }]);
  }

  return {
    async step(worker, random) {
      const pk = `p${worker}`;
      const state = `${worker} ${random()}`;
      if (random() < 0.2) {
        const pair = [`b${worker}-0`, `b${worker}-1`];
        if (pair.some((id) => ledger.inDoubt(id))) return;
        await ledger.change(pair, state, async () => {
          const operations = pair.map((id) => ({
            operationType: 'Upsert' as const,
            resourceBody: { id, pk, state },
          }));
          const { code } = await container.items.batch(operations, pk);
          if (code !== 200) throw new Error(`the batch was answered ${code}`);
        });
        return;
      }
      const id = `w${worker}-${Math.floor(random() * 6)}`;
      if (ledger.inDoubt(id)) return;
      if (ledger.state(id) !== null && random() < 0.25) {
        await ledger.change([id], null, () => container.item(id, pk).delete());
      } else await ledger.change([id], state, () => put(id, pk, state, random()));
    },
    async look() {
      const { resources } = await container.items.query('SELECT c.id, c.state FROM c').fetchAll();
      return new Map<string, State>(rows.parse(resources).map(({ id, state }) => [id, state]));
    },
    ping: () => container.item('none', 'p0').read(),
    close: async () => client.dispose(),
  };
};
