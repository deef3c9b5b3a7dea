import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs the campaign as people do; gives its exit code and its results. */
export async function runCampaign<Result>(...args: string[]): Promise<{ code: number; results: Result[] }> {
  const command = ['scripts/kill-campaign.mjs', '--json', ...args];
  const run = promisify(execFile)(process.execPath, command, { timeout: 60_000 });
  const { stdout, code } = await run.then(
    (ended) => ({ ...ended, code: 0 }),
    (error: { stdout: string; code: number }) => error,
  );
  return { code, results: (JSON.parse(stdout) as { results: Result[] }).results };
}
