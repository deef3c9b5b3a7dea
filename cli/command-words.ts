import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * A command line as words: blanks separate, quotes and backslashes keep together. No shell is involved, so nothing
 * else has a meaning. Throws where a quote is left open.
 */
export function commandWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word = (word ?? '') + (char === '\\' && quote === '"' ? line.charAt(++at) : char);
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + (char === '\\' ? line.charAt(++at) : char);
    }
  }
  if (quote !== undefined) throw new Error(`a ${quote} is left open`);
  if (word !== undefined) words.push(word);
  return words;
}

/** Words after the program that name files here become absolute: the command will run elsewhere. */
export function withAbsoluteFiles(words: readonly string[], directory: string): string[] {
  return words.map((word, index) => {
    const path = resolve(directory, word);
    return (index > 0 || word.includes('/')) && !word.startsWith('-') && existsSync(path) ? path : word;
  });
}
