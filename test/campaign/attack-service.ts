/** One service under attack by hostile peers, while its official client goes on asking. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTlsMaterial } from '../../local/core/tls.ts';
import type { Random } from '../crash/random.ts';
import type { ServiceName } from './options.ts';
import { expected, startClient, startGarbage, startService } from './processes.ts';

export interface AttackResult {
  readonly service: ServiceName;
  readonly hostileConnections: number;
  /** Answers that the client got meanwhile, one after the other. */
  readonly answers: number;
  /** Milliseconds that it waited for one, in half of all cases, and at worst. */
  readonly median: number;
  readonly worst: number;
  /** The same at worst without an attack, on the same machine just before. */
  readonly worstInPeace: number;
}

export interface AttackOrders {
  readonly service: ServiceName;
  readonly milliseconds: number;
  readonly random: Random;
}

export async function attackService({ service, milliseconds, random }: AttackOrders): Promise<AttackResult> {
  const dataDir = await mkdtemp(join(tmpdir(), `tributary-garbage-${service}-`));
  const { caFile } = await ensureTlsMaterial(join(dataDir, 'tls'));
  const client = startClient(service, join(dataDir, 'ledger.jsonl'), Math.floor(random() * 1e9), caFile);
  try {
    const running = await startService({ service, dataDir, port: 0 });
    const { port, otherPorts, admin } = running;
    try {
      const plain = service === 'identity' || service === 'durable';
      const targets = [port, ...otherPorts].map((one) => (plain ? String(one) : `tls:${one}`));
      client.live({ kind: 'measure', port, dataDir, milliseconds, ...admin });
      const peace = await expected(client, 'measured');
      const attack = startGarbage(milliseconds + 500, targets);
      client.live({ kind: 'measure', port, dataDir, milliseconds, ...admin });
      const war = await expected(client, 'measured');
      return {
        service,
        hostileConnections: await attack,
        answers: war.answers,
        median: war.median,
        worst: war.worst,
        worstInPeace: peace.worst,
      };
    } finally {
      await running.kill();
    }
  } finally {
    await client.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
