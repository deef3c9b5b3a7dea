import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { State } from '../ledger.ts';
import { type OpenWorkload, pick } from '../workload.ts';
import { inParallel } from './in-parallel.ts';

const EVENTS = 3;
const PATIENCE_MS = 5_000;
const keys = z.object({ durable: z.string() });
const instance = z.object({
  runtimeStatus: z.string(),
  customStatus: z.number().nullish(),
  output: z.unknown(),
});

/** Instances that take three events; `waiting:n` has n of them. Some are terminated, and some ended ones purged. */
export const openDurable: OpenWorkload = async ({ port, dataDir }, ledger) => {
  const { durable: key } = keys.parse(JSON.parse(readFileSync(join(dataDir, 'keys.json'), 'utf8')));
  const hook = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/runtime/webhooks/durabletask/${path}`, {
      method,
      headers: { 'x-functions-key': key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  async function accepted(...request: Parameters<typeof hook>): Promise<void> {
    const response = await hook(...request);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${request[0]} ${request[1]} was answered ${response.status}`);
  }

  async function stateNow(id: string): Promise<State> {
    const response = await hook('GET', `instances/${id}`);
    if (response.status === 404) return null;
    const { runtimeStatus, customStatus, output } = instance.parse(await response.json());
    if (runtimeStatus === 'Terminated') return 'terminated';
    if (runtimeStatus === 'Running' || runtimeStatus === 'Pending') return `waiting:${customStatus ?? 0}`;
    return runtimeStatus === 'Completed' && JSON.stringify(output) === '[2,4,6]'
      ? `waiting:${EVENTS}`
      : `${runtimeStatus} with ${JSON.stringify(output)}`;
  }

  /** What was acknowledged is carried out soon and not at once, so an instance is given a while to get there. */
  async function stateOf(id: string): Promise<State> {
    const allowed = ledger.allowed(id);
    for (const end = Date.now() + PATIENCE_MS; ; ) {
      const state = await stateNow(id);
      if (state === null || allowed.includes(state) || Date.now() > end) return state;
      await sleep(25);
    }
  }

  return {
    async step(worker, random) {
      const mine = ledger.items().filter((id) => id.startsWith(`w${worker}-`));
      const usable = mine.filter((id) => !ledger.inDoubt(id) && ledger.state(id) !== null);
      const open = usable.filter((id) => /^waiting:[0-2]$/.test(ledger.state(id) ?? ''));
      const id = open.length < 4 ? undefined : pick(open, random);
      if (id === undefined) {
        const fresh = `w${worker}-${mine.length}`;
        await ledger.change([fresh], 'waiting:0', () =>
          accepted('POST', `orchestrators/collector/${fresh}`, EVENTS),
        );
        return;
      }
      const ended = pick(
        usable.filter((other) => !open.includes(other)),
        random,
      );
      if (random() < 0.1) {
        await ledger.change([id], 'terminated', () => accepted('POST', `instances/${id}/terminate?reason=x`));
      } else if (random() < 0.15 && ended !== undefined) {
        // Ended as far as the client was told; the engine may still be at it, and then refuses.
        if ((await stateNow(ended)) !== ledger.state(ended)) return;
        await ledger.change([ended], null, () => accepted('DELETE', `instances/${ended}`));
      } else {
        const next = Number(ledger.state(id)?.slice('waiting:'.length)) + 1;
        await ledger.change([id], `waiting:${next}`, () =>
          accepted('POST', `instances/${id}/raiseEvent/tick`, next),
        );
      }
    },
    look: (items) => inParallel(items, stateOf),
    ping: () => stateNow('none'),
    close: async () => undefined,
  };
};
