import pc from 'picocolors';
import { allSlugs } from '../../shared/contracts/refusals.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { ProcessFailed } from '../up/process-failed.ts';

/** Any error as one that can be reported: what was not foreseen becomes `internal`, exit code 1. */
export function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ProcessFailed) {
    return new CliError({ slug: 'not-started', detail: error.message, exitCode: exitCodes.failed });
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new CliError({ slug: 'internal', detail, exitCode: exitCodes.failed });
}

/** For stderr: what happened, every fault with its place, what to try, and the page that explains the slug. */
export function errorText(error: CliError): string {
  const lines = [`${pc.red(`error[${error.slug}]`)}: ${error.message}`];
  for (const { path, message, suggestion } of error.errors) {
    const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
    lines.push(`  ${path === '' ? '(document)' : path}: ${message}${hint}`);
  }
  if (error.tryThis !== undefined) lines.push(`try: ${error.tryThis}`);
  if (allSlugs.some((slug) => slug === error.slug)) lines.push(pc.dim(`see: docs/problems/${error.slug}.md`));
  return `${lines.join('\n')}\n`;
}

/** For stdout under --json. */
export function errorJson({ slug, message, errors, exitCode }: CliError): string {
  return `${JSON.stringify({ error: { slug, detail: message, errors, exitCode } })}\n`;
}
