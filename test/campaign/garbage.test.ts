import { describe, expect, it } from 'vitest';
import type { AttackResult } from './attack-service.ts';
import { services } from './options.ts';
import { runCampaign } from './run-campaign.ts';

/** Far above what is measured, since a machine that runs other suites answers late by itself. */
const GENEROUS_MS = 1_000;

describe('hostile peers on every port of a service', () => {
  it.each(services)('do not keep %s from answering', async (service) => {
    const { results } = await runCampaign<AttackResult>('--garbage', '500', '--service', service);
    const [result] = results;
    expect(result?.hostileConnections).toBeGreaterThan(50);
    expect(result?.answers).toBeGreaterThan(5);
    expect(result?.worst).toBeLessThan(GENEROUS_MS);
  });
});
