import { KeyClient } from '@azure/keyvault-keys';
import type { State } from '../ledger.ts';
import { anyCredential, type OpenWorkload } from '../workload.ts';
import { inParallel } from './in-parallel.ts';

/**
 * `k-*`: keys that are rotated and tagged, the tag being the state. `k-*?version`: versions, whose state is their
 * public key. `d-*`: keys that are made and deleted.
 */
export const openKeyVault: OpenWorkload = async ({ port }, ledger) => {
  const client = new KeyClient(`https://127.0.0.1:${port}`, anyCredential, {
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 0 },
  });
  // The client's first requests race for the challenge unless one goes ahead.
  await client.getKey('none').catch(() => undefined);
  let made = ledger.items().filter((item) => item.startsWith('d-')).length;

  async function changeKept(item: string, random: () => number): Promise<void> {
    const state = String(random());
    if (ledger.state(item) === null) {
      await ledger.change([item], state, () => client.createEcKey(item, { tags: { state } }));
      return;
    }
    if (random() < 0.5) {
      await ledger.change([item], state, () => client.updateKeyProperties(item, { tags: { state } }));
      return;
    }
    // The new version takes the tags of the one before it: only its own item changes.
    const { key, properties } = await client.rotateKey(item);
    await ledger.acknowledge(`${item}?${properties.version}`, Buffer.from(key?.x ?? []).toString('base64'));
  }

  async function stateOf(item: string): Promise<State> {
    const [name = '', version] = item.split('?');
    try {
      const { key, properties } = await client.getKey(name, version === undefined ? {} : { version });
      if (version !== undefined) return Buffer.from(key?.x ?? []).toString('base64');
      return item.startsWith('d-') ? 'made' : (properties.tags?.['state'] ?? 'untagged');
    } catch (error) {
      if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return null;
      throw error;
    }
  }

  return {
    async step(worker, random) {
      if (random() < 0.7) {
        const item = `k-${worker}-${Math.floor(random() * 2)}`;
        if (!ledger.inDoubt(item)) await changeKept(item, random);
        return;
      }
      made += 1;
      const item = `d-${made}`;
      await ledger.change([item], 'made', () => client.createEcKey(item));
      if (random() < 0.3) return;
      await ledger.change([item], null, async () => {
        const poller = await client.beginDeleteKey(item, { intervalInMs: 20 });
        await poller.pollUntilDone();
      });
    },
    look: (items) => inParallel(items, stateOf),
    ping: () => stateOf('none'),
    close: async () => undefined,
  };
};
