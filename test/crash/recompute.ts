import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { packageRoot } from '../../cli/up/package-root.ts';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';

const recomputed = z.object({
  version: z.int(),
  published: z.string(),
  recomputed: z.string(),
  frozenSetPublished: z.boolean(),
  silos: z.array(z.string()),
  admitted: z.array(z.string()),
});
export type Recomputed = z.infer<typeof recomputed>;

/** Every version of an experiment, computed again by another process with the coordinator's rights. */
export async function recomputeVersions(dataDir: string, experiment: string): Promise<Recomputed[]> {
  const script = join(packageRoot(), 'dist', 'crash-test', 'recompute-process.mjs');
  const environment = readEnvironment(join(cloudDirectories(dataDir).environments, 'coordinator.env'));
  const { stdout } = await promisify(execFile)(process.execPath, [script, experiment], {
    env: { PATH: process.env['PATH'], ...environment },
    timeout: 60_000,
  });
  return z.array(recomputed).parse(JSON.parse(stdout));
}

/** What is wrong with a model that must be what its frozen set makes, out of at least `quorum` updates. */
export function faultsOf(version: Recomputed, quorum: number): string[] {
  const name = `version ${version.version}`;
  const faults: string[] = [];
  if (version.recomputed !== version.published) faults.push(`${name} is not what its frozen set makes`);
  if (!version.frozenSetPublished) faults.push(`${name} names another frozen set than its round`);
  if (String(version.silos) !== String(version.admitted)) {
    faults.push(`${name} froze ${String(version.silos)}; admitted were ${String(version.admitted)}`);
  }
  if (version.version > 0 && version.silos.length < quorum) faults.push(`${name} was made below quorum`);
  return faults;
}
