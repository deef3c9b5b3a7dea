import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { readEnvironment } from '../local/cloud/environment-file.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** The part of silo.yaml that the command line needs; the agent checks all of it. */
const described = z.object({
  silo: z.string(),
  coordinator: z.object({ url: z.string(), audience: z.string() }),
});
export type SiloDescription = z.infer<typeof described>;

/** Throws {@link CliError}, exit code 2, where the file is missing or no silo.yaml. */
export async function readSiloFile(configFile: string): Promise<SiloDescription> {
  const text = await readFile(configFile, 'utf8').catch(() => {
    throw invalid(`${configFile} cannot be read.`, 'tributary silo init ID --train COMMAND');
  });
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    throw invalid(`${configFile} is not valid YAML.`);
  }
  const parsed = described.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new CliError({
    slug: 'spec-invalid',
    detail: `${configFile} is not a silo.yaml.`,
    exitCode: exitCodes.usage,
    errors,
  });
}

/** The silo's own credentials beside silo.yaml; where there are none, the machine's own identity counts. */
export function credentialsFile(configFile: string): string | undefined {
  const file = join(dirname(resolve(configFile)), 'agent.env');
  return existsSync(file) ? file : undefined;
}

/** What a process that acts as the silo gets: never what the caller is signed in as, where the silo has its own. */
export function siloEnvironment(configFile: string): NodeJS.ProcessEnv {
  const file = credentialsFile(configFile);
  if (file === undefined) return process.env;
  const foreign = /^(AZURE_|IDENTITY_|MSI_|NODE_EXTRA_CA_CERTS$)/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(own), ...readEnvironment(file) };
}

function invalid(detail: string, tryThis?: string): CliError {
  return new CliError({ slug: 'file-unreadable', detail, exitCode: exitCodes.usage, tryThis });
}
