import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { unreachable } from './api-errors.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import type { LocalCloud } from './profile.ts';

const description = z.object({
  endpoints: z.record(z.string(), z.string()),
  silos: z.array(z.string()),
});
export type CloudDescription = z.infer<typeof description>;

/** The key that opens the embedded cloud's control endpoint: who can read the data directory has it. */
export async function controlKey(cloud: LocalCloud): Promise<string> {
  const file = join(cloud.environments, 'control.key');
  return readFile(file, 'utf8').catch(() => {
    throw new CliError({
      slug: 'no-local-cloud',
      detail: `${file} cannot be read.`,
      exitCode: exitCodes.usage,
      tryThis: 'tributary up',
    });
  });
}

/** What the embedded cloud says of itself. Throws {@link CliError} `unreachable` where it does not run. */
export async function describeCloud(cloud: LocalCloud): Promise<CloudDescription> {
  let response: Response;
  try {
    response = await fetch(`${cloud.controlUrl}/`, {
      headers: { 'x-control-key': await controlKey(cloud) },
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    throw error instanceof CliError ? error : unreachable(cloud.controlUrl, error);
  }
  const parsed = description.safeParse(await response.json().catch(() => undefined));
  if (response.ok && parsed.success) return parsed.data;
  throw new CliError({
    slug: 'unexpected-answer',
    detail: `${cloud.controlUrl} answered ${response.status}: it may belong to another embedded cloud.`,
    exitCode: exitCodes.failed,
  });
}
