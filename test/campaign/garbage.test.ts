import { describe, expect, it } from 'vitest';
import type { AttackResult } from './attack-service.ts';
import { runCampaign } from './run-campaign.ts';

/** Far above what is measured, since a machine that runs other suites answers late by itself. */
const GENEROUS_MS = 1_000;

describe('hostile peers on every port of a service', () => {
  // Blob and Key Vault are served by the same code as Cosmos DB, behind the same TLS.
  it.each(['identity', 'cosmos', 'service-bus', 'durable'])(
    'do not keep %s from answering',
    async (service) => {
      const { results } = await runCampaign<AttackResult>('--garbage', '700', '--service', service);
      const [result] = results;
      expect(result?.hostileConnections).toBeGreaterThan(50);
      expect(result?.answers).toBeGreaterThan(5);
      expect(result?.worst).toBeLessThan(GENEROUS_MS);
    },
  );
});
