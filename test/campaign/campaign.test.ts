import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ServiceResult } from './kill-service.ts';

/** Runs the campaign as people do; gives its exit code and its results. */
async function campaign(...args: string[]): Promise<{ code: number; results: ServiceResult[] }> {
  const command = ['scripts/kill-campaign.mjs', '--json', ...args];
  const run = promisify(execFile)(process.execPath, command, { timeout: 60_000 });
  const { stdout, code } = await run.then(
    (ended) => ({ ...ended, code: 0 }),
    (error: { stdout: string; code: number }) => error,
  );
  return { code, results: (JSON.parse(stdout) as { results: ServiceResult[] }).results };
}

describe('the kill campaign', () => {
  it('finds nothing lost and nothing back at a service that is killed', async () => {
    const { code, results } = await campaign('--kills', '2', '--service', 'cosmos');
    expect(results).toMatchObject([{ service: 'cosmos', kills: 2, lost: [], back: [], wrong: [] }]);
    expect(results[0]?.acknowledgements).toBeGreaterThan(10);
    expect(code).toBe(0);
  }, 60_000);

  it('finds a service that acknowledges before it writes', async () => {
    const { code, results } = await campaign('--kills', '1', '--service', 'cosmos', '--plant');
    expect(results[0]?.lost.length).toBeGreaterThan(0);
    expect(code).toBe(0);
  }, 60_000);
});
