/**
 * One service's part of a campaign: it is loaded, killed at a random moment, started again and audited, as often as
 * asked; at the end another client audits from the ledger's file alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTlsMaterial } from '../../local/core/tls.ts';
import type { Random } from '../crash/random.ts';
import type { Finding } from './ledger.ts';
import type { ServiceName } from './options.ts';
import {
  type CampaignClient,
  expected,
  type RunningService,
  startClient,
  startService,
} from './processes.ts';

export interface ServiceResult {
  readonly service: ServiceName;
  readonly kills: number;
  readonly acknowledgements: number;
  readonly items: number;
  /** Acknowledged and not there. */
  readonly lost: readonly Finding[];
  /** Deleted, completed, cancelled or purged, and there again. */
  readonly back: readonly Finding[];
  /** There in a state that nobody asked for last. */
  readonly wrong: readonly Finding[];
  readonly seconds: number;
}

/** Longest time from the first acknowledgement of a life to its end, milliseconds. */
const LONGEST_LIFE_MS = 900;

export interface Orders {
  readonly service: ServiceName;
  readonly kills: number;
  readonly plant: boolean;
  readonly random: Random;
}

export async function killService({ service, kills, plant, random }: Orders): Promise<ServiceResult> {
  const began = Date.now();
  const dataDir = await mkdtemp(join(tmpdir(), `tributary-campaign-${service}-`));
  const { caFile } = await ensureTlsMaterial(join(dataDir, 'tls'));
  const ledgerFile = join(dataDir, 'ledger.jsonl');
  const findings: Finding[] = [];
  let [port, acknowledgements, items] = [0, 0, 0];

  /** Starts the service and a life of the client, and answers the service once the client has audited it. */
  async function begin(client: CampaignClient, load: boolean): Promise<RunningService> {
    const running = await startService({ service, dataDir, port, plant });
    port = running.port;
    client.live({ kind: load ? 'load' : 'audit', port, dataDir, ...running.admin });
    try {
      const audited = await expected(client, 'audited');
      findings.push(...audited.findings);
      items = audited.items;
    } catch (error) {
      await running.kill();
      throw error;
    }
    return running;
  }

  async function withClient(work: (client: CampaignClient) => Promise<void>): Promise<void> {
    const client = startClient(service, ledgerFile, Math.floor(random() * 1e9), caFile);
    try {
      await work(client);
    } finally {
      await client.stop();
    }
  }

  await withClient(async (client) => {
    for (let life = 0; life < kills; life += 1) {
      const running = await begin(client, true);
      try {
        await expected(client, 'loading');
        await sleep(random() * LONGEST_LIFE_MS);
        const early = client.early();
        if (early !== undefined)
          throw new Error(`the load of ${service} ended early: ${JSON.stringify(early)}`);
      } finally {
        await running.kill();
      }
      ({ acknowledgements } = await expected(client, 'ended'));
    }
  });
  await withClient(async (client) => (await begin(client, false)).kill());
  if (findings.length === 0) await rm(dataDir, { recursive: true, force: true });
  else process.stderr.write(`data directory kept: ${dataDir}\n`);
  const back = findings.filter(({ acknowledged }) => acknowledged === null);
  const lost = findings.filter(({ acknowledged, found }) => acknowledged !== null && found === null);
  const wrong = findings.filter((finding) => !back.includes(finding) && !lost.includes(finding));
  return {
    service,
    kills,
    acknowledgements,
    items,
    lost,
    back,
    wrong,
    seconds: (Date.now() - began) / 1000,
  };
}
