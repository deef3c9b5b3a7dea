import { describe, expect, it } from 'vitest';
import type { ServiceResult } from './kill-service.ts';
import { runCampaign } from './run-campaign.ts';

describe('the kill campaign', () => {
  it('finds nothing lost and nothing back at a service that is killed', async () => {
    const { code, results } = await runCampaign<ServiceResult>('--kills', '2', '--service', 'cosmos');
    expect(results).toMatchObject([{ service: 'cosmos', kills: 2, lost: [], back: [], wrong: [] }]);
    expect(results[0]?.acknowledgements).toBeGreaterThan(10);
    expect(code).toBe(0);
  }, 60_000);

  it('finds a service that acknowledges before it writes', async () => {
    const { code, results } = await runCampaign<ServiceResult>(
      '--kills',
      '1',
      '--service',
      'cosmos',
      '--plant',
    );
    expect(results[0]?.lost.length).toBeGreaterThan(0);
    expect(code).toBe(0);
  }, 60_000);
});
