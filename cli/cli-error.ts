import type { ExitCode } from './exit-codes.ts';

/** One fault in what the user gave, as the API and the local checks word it. */
export interface GivenFault {
  readonly path: string;
  readonly message: string;
  readonly suggestion?: string | undefined;
}

export interface CliErrorDetails {
  /** Stable name: the API's slug, or one of the command line's own. */
  readonly slug: string;
  readonly detail: string;
  readonly exitCode: ExitCode;
  readonly errors?: readonly GivenFault[] | undefined;
  /** A command or an action that helps. */
  readonly tryThis?: string | undefined;
  /** Whether stdout has the command's JSON already, which the error must not follow. */
  readonly resultShown?: boolean;
}

/** What a command ends with when it does not end well. Its detail is for people and holds no secret. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly slug: string;
  readonly exitCode: ExitCode;
  readonly errors: readonly GivenFault[];
  readonly tryThis: string | undefined;
  readonly resultShown: boolean;

  constructor({ slug, detail, exitCode, errors, tryThis, resultShown }: CliErrorDetails) {
    super(detail);
    this.slug = slug;
    this.exitCode = exitCode;
    this.errors = errors ?? [];
    this.tryThis = tryThis;
    this.resultShown = resultShown ?? false;
  }
}
