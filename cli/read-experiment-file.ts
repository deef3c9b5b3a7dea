import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import type { ExperimentSpec } from '../shared/contracts/spec.ts';
import { parseStrictJson, StrictJsonError } from '../shared/contracts/strict-json.ts';
import { checkSpec } from '../shared/domain/check-spec.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

const maxBytes = 1_000_000;

/**
 * Reads an experiment from a JSON or YAML file (`-` is stdin), with `overrides` put over its top level, and checks all
 * that can be said of it without the roster. Throws {@link CliError} with every fault.
 */
export async function readExperimentFile(
  file: string,
  overrides: Readonly<Record<string, unknown>>,
): Promise<ExperimentSpec> {
  const document = await parse(await readText(file), file);
  const whole =
    typeof document === 'object' && document !== null && !Array.isArray(document)
      ? { ...document, ...overrides }
      : document;
  const checked = checkSpec(whole, new Date().toISOString());
  if (checked.ok) return checked.spec;
  throw new CliError({
    slug: checked.slug,
    detail: `${nameOf(file)} is not a valid experiment.`,
    exitCode: exitCodes.usage,
    errors: checked.faults.map(({ unknownField: _, ...fault }) => fault),
  });
}

async function readText(file: string): Promise<string> {
  try {
    return file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read';
    throw new CliError({
      slug: 'file-unreadable',
      detail: `${file} cannot be read: ${reason}.`,
      exitCode: exitCodes.usage,
    });
  }
}

/** What begins with a brace is JSON, and is read as strictly as the API reads it. */
async function parse(text: string, file: string): Promise<unknown> {
  try {
    if (/^\s*\{/.test(text)) return parseStrictJson(text, { maxDepth: 32, maxBytes });
    const yaml = await import('yaml');
    return yaml.parse(text, { maxAliasCount: 0 });
  } catch (error) {
    const format = error instanceof StrictJsonError ? 'JSON' : 'YAML';
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw new CliError({
      slug: 'spec-invalid',
      detail: `${nameOf(file)} is not valid ${format}: ${reason}.`,
      exitCode: exitCodes.usage,
    });
  }
}

const nameOf = (file: string): string => (file === '-' ? 'The document on stdin' : file);
