/** The embedded Cosmos DB by the official client over TLS; every create is on disk before it is answered. */
import { randomUUID } from 'node:crypto';
import { CosmosClient } from '@azure/cosmos';
import { medianOf, rate } from '../measure.ts';
import type { BenchRow } from '../row.ts';
import { removeCloud, startRunningCloud } from './running-cloud.ts';

const CONCURRENCY = 32;
const ROUNDS = 3;

export async function run({ quick }: { readonly quick: boolean }): Promise<BenchRow[]> {
  const count = quick ? 1000 : 4000;
  const cloud = await startRunningCloud();
  const endpoint = cloud.settings['COSMOS_ENDPOINT'] ?? '';
  const client = new CosmosClient({ endpoint, aadCredentials: cloud.credential('coordinator') });
  try {
    const items = client.database(cloud.settings['COSMOS_DATABASE'] ?? '').container('experiments');
    const text = 'x'.repeat(800);
    const ids: string[] = [];
    const create = async () => {
      const id = randomUUID();
      await items.items.create({ id, experimentId: `exp-${ids.length % 8}`, text, n: ids.length });
      ids.push(id);
    };
    await rate(200, CONCURRENCY, create);
    const creates = await medianOf(ROUNDS, () => rate(count, CONCURRENCY, create));
    await items.items.create({ id: 'read', experimentId: 'exp-0', text });
    const reads = await medianOf(ROUNDS, () =>
      rate(count, CONCURRENCY, () => items.item('read', 'exp-0').read()),
    );
    const unit = 'per second';
    return [
      {
        name: 'cosmos: durable creates of 1 KB, 32 at a time',
        value: creates,
        unit,
        bar: 800,
        direction: 'min',
      },
      { name: 'cosmos: point reads of 1 KB, 32 at a time', value: reads, unit, bar: 2000, direction: 'min' },
    ];
  } finally {
    client.dispose();
    await cloud.stop();
    await removeCloud(cloud.dataDir);
  }
}
