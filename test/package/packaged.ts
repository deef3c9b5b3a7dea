import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { packageRoot } from '../../cli/up/package-root.ts';

const files = z.array(z.object({ file: z.string(), bytes: z.int() }));
const report = z.object({
  coordinator: z.object({
    folder: z.string(),
    files,
    archive: z.string(),
    archiveBytes: z.int(),
    sha256: z.string(),
  }),
  agent: z.object({ folder: z.string(), files }),
});

/** Builds the deployment packages outside the repository, so that nothing beside them can help them to run. */
export function packaged() {
  const out = mkdtempSync(join(tmpdir(), 'tributary-package-'));
  const printed = execFileSync(process.execPath, ['scripts/package.mjs', '--out', out, '--json'], {
    cwd: packageRoot(),
  });
  const remove = (): void => rmSync(out, { recursive: true, force: true });
  return { ...report.parse(JSON.parse(printed.toString())), out, remove };
}
