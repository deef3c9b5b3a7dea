import { problem } from '../shared/contracts/problem.ts';
import { CliError } from './cli-error.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

const byStatus: Readonly<Record<number, ExitCode>> = {
  400: exitCodes.usage,
  401: exitCodes.notAllowed,
  403: exitCodes.notAllowed,
  404: exitCodes.notFound,
  409: exitCodes.conflict,
  412: exitCodes.conflict,
  413: exitCodes.usage,
  422: exitCodes.usage,
};

/** What the API refused, from its problem document. An answer without one is described by its status alone. */
export async function problemError(response: Response, endpoint: string): Promise<CliError> {
  const { status } = response;
  const exitCode = byStatus[status] ?? exitCodes.failed;
  const parsed = problem.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) {
    return new CliError({
      slug: status === 404 ? 'not-found' : 'unexpected-answer',
      detail: `${endpoint} answered ${status} without saying why.`,
      exitCode,
      tryThis: 'check --endpoint',
    });
  }
  const { slug, detail, errors } = parsed.data;
  return new CliError({ slug, detail, exitCode, errors, tryThis: tryThis(slug, status) });
}

export function unreachable(endpoint: string, error: unknown): CliError {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const reason = cause instanceof Error ? cause.message || codeOf(cause) : String(cause);
  return new CliError({
    slug: 'unreachable',
    detail: `${endpoint} cannot be reached: ${reason}.`,
    exitCode: exitCodes.unreachable,
    tryThis: 'start it with `tributary up`, or name another with --endpoint',
  });
}

export function timedOut(endpoint: string, milliseconds: number): CliError {
  return new CliError({
    slug: 'timeout',
    detail: `${endpoint} did not answer within ${milliseconds / 1_000} s.`,
    exitCode: exitCodes.timeout,
    tryThis: 'a longer --timeout',
  });
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}

function tryThis(slug: string, status: number): string | undefined {
  if (status === 401) return 'az login, or check TRIBUTARY_AUDIENCE';
  if (status === 403) return 'another identity: --as operator (local), or ask for the app role';
  if (slug === 'silo-unknown') return 'tributary silo list';
  return undefined;
}
