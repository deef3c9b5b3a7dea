import { execFileSync } from 'node:child_process';

/** Builds dist/ before the suites that start real processes from it. */
export default function buildOnce(): void {
  if (process.env['TRIBUTARY_SKIP_BUILD'] === '1') return;
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
}
