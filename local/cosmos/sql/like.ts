/**
 * LIKE without regular expressions: `%` any run, `_` any character, `[a-f]` and `[^a-f]` one character in or not in
 * the set. Matching goes back to the last `%` only, so that it takes at most text x pattern steps, and those are
 * bounded, because both may be long.
 */
import { SqlError } from './sql-error.ts';

const MAX_STEPS = 50_000_000;

type Part =
  | { readonly kind: 'run' }
  | { readonly kind: 'one'; readonly matches: (character: string) => boolean };

/** @throws SqlError when text and pattern are both so long that the match takes too many steps. */
export function matchesLike(text: string, pattern: string, escape: string | undefined): boolean {
  const parts = parsePattern(pattern, escape);
  let textAt = 0;
  let partAt = 0;
  let runAt = -1;
  let runText = 0;
  let steps = 0;
  while (textAt < text.length) {
    steps += 1;
    if (steps > MAX_STEPS) throw new SqlError('A LIKE comparison takes too many steps.');
    const part = parts[partAt];
    if (part?.kind === 'run') {
      runAt = partAt;
      runText = textAt;
      partAt += 1;
    } else if (part?.matches(text[textAt] ?? '') === true) {
      textAt += 1;
      partAt += 1;
    } else if (runAt >= 0) {
      runText += 1;
      textAt = runText;
      partAt = runAt + 1;
    } else return false;
  }
  return parts.slice(partAt).every(({ kind }) => kind === 'run');
}

function parsePattern(pattern: string, escape: string | undefined): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < pattern.length) {
    const character = pattern[at] ?? '';
    const close = character === '[' ? pattern.indexOf(']', at + 2) : -1;
    if (character === escape && at + 1 < pattern.length) {
      parts.push(exactly(pattern[at + 1] ?? ''));
      at += 2;
    } else if (close > 0) {
      parts.push({ kind: 'one', matches: inSet(pattern.slice(at + 1, close)) });
      at = close + 1;
    } else {
      parts.push(character === '%' ? { kind: 'run' } : character === '_' ? anything : exactly(character));
      at += 1;
    }
  }
  return parts;
}

const anything: Part = { kind: 'one', matches: () => true };

function exactly(wanted: string): Part {
  return { kind: 'one', matches: (character) => character === wanted };
}

function inSet(set: string): (character: string) => boolean {
  const negated = set.startsWith('^');
  const body = negated ? set.slice(1) : set;
  const ranges: [string, string][] = [];
  for (let at = 0; at < body.length; ) {
    const from = body[at] ?? '';
    const ranged = body[at + 1] === '-' && at + 2 < body.length;
    ranges.push([from, ranged ? (body[at + 2] ?? from) : from]);
    at += ranged ? 3 : 1;
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== negated;
}
