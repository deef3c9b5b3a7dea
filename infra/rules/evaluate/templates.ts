import { parseFile } from '../bicep/parse-file.ts';
import type { BicepFile } from '../bicep/syntax.ts';
import { BicepSyntaxError } from '../bicep/tokens.ts';
import type { Place } from './value.ts';

/** The templates as they are on disk, or with some files replaced. Paths are relative to the repository. */
export interface Templates {
  /** Every file below infra/. */
  readonly paths: readonly string[];
  readonly text: (path: string) => string | undefined;
  /** Undefined for a file that is not there or has a syntax error. */
  readonly file: (path: string) => BicepFile | undefined;
  readonly syntaxErrors: () => readonly { readonly message: string; readonly place: Place }[];
}

export function templatesFrom(
  paths: readonly string[],
  read: (path: string) => string | undefined,
): Templates {
  const files = new Map<string, BicepFile | BicepSyntaxError | undefined>();
  const texts = new Map<string, string | undefined>();
  const text = (path: string): string | undefined => {
    if (!texts.has(path)) texts.set(path, read(path));
    return texts.get(path);
  };
  const parsed = (path: string): BicepFile | BicepSyntaxError | undefined => {
    if (!files.has(path)) files.set(path, parse(path, text(path)));
    return files.get(path);
  };
  return {
    paths,
    text,
    file(path) {
      const file = parsed(path);
      return file instanceof BicepSyntaxError ? undefined : file;
    },
    syntaxErrors: () =>
      paths.filter(isBicep).flatMap((path) => {
        const error = parsed(path);
        if (!(error instanceof BicepSyntaxError)) return [];
        return [{ message: error.message, place: { path, start: error.offset, end: error.offset } }];
      }),
  };
}

export function isBicep(path: string): boolean {
  return path.endsWith('.bicep') || path.endsWith('.bicepparam');
}

/** The same templates with one file's text replaced. Files that stay are not parsed again. */
export function withText(templates: Templates, path: string, replaced: string): Templates {
  const other = templatesFrom([path], () => replaced);
  return {
    paths: templates.paths,
    text: (asked) => (asked === path ? replaced : templates.text(asked)),
    file: (asked) => (asked === path ? other.file(path) : templates.file(asked)),
    syntaxErrors: () => [
      ...templates.syntaxErrors().filter(({ place }) => place.path !== path),
      ...other.syntaxErrors(),
    ],
  };
}

function parse(path: string, source: string | undefined): BicepFile | BicepSyntaxError | undefined {
  if (source === undefined) return undefined;
  try {
    return parseFile(path, source);
  } catch (error) {
    if (error instanceof BicepSyntaxError) return error;
    throw error;
  }
}
